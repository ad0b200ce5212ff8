package slack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"

	"frontdesk/channels"
)

// Fetch opens the bytes of a file. Its address is asked for anew, as Slack advises
// for files of other teams (file_access "check_file_info"), and the bot token goes
// to Slack alone. What is over the limit is refused before it is asked for where
// its size is known, else while it is read.
func (c *Channel) Fetch(ctx context.Context, f *channels.File) (io.ReadCloser, error) {
	if f.Ref == "" {
		return nil, permanent(errors.New("a file without an id"))
	}
	if f.Data.Size > c.cfg.FileLimit {
		return nil, permanent(c.tooLarge(f.Data.Size))
	}
	var a struct {
		File maybe[file] `json:"file"`
	}
	if err := c.once(ctx, "files.info", url.Values{"file": {f.Ref}}, &a); err != nil {
		return nil, fmt.Errorf("file %s: %w", f.Ref, err)
	}
	told := &a.File.V
	size := count(told.Size)
	address := cmp.Or(string(told.Download), string(told.URL))
	switch {
	case told.gone():
		return nil, permanent(fmt.Errorf("file %s was deleted", f.Ref))
	case told.elsewhere():
		return nil, permanent(fmt.Errorf("file %s does not stand in slack", f.Ref))
	case size > c.cfg.FileLimit:
		return nil, permanent(c.tooLarge(size))
	case address == "":
		return nil, permanent(fmt.Errorf("file %s has no address", f.Ref))
	}
	f.Name, f.Type = cmp.Or(f.Name, string(cmp.Or(told.Name, told.Title))), cmp.Or(f.Type, string(told.Mimetype))
	body, err := c.download(ctx, address, string(told.Mimetype))
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", f.Ref, err)
	}
	return &limited{ReadCloser: body, left: c.cfg.FileLimit, err: permanent(c.tooLarge(c.cfg.FileLimit + 1))}, nil
}

func (c *Channel) tooLarge(size int64) error {
	return fmt.Errorf("a file of %d bytes or more, over the limit of %d", size, c.cfg.FileLimit)
}

// download opens an address of Slack's. Instead of a file that the token may not
// read, Slack sends the page for logging in, with status 200.
func (c *Channel) download(ctx context.Context, address, kind string) (io.ReadCloser, error) {
	u, err := url.Parse(address)
	if err != nil || !c.trusted(u) {
		return nil, permanent(errors.New("its address is not slack's"))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.cfg.BotToken)
	resp, err := c.httpClient().Do(req)
	if err != nil {
		return nil, hideURL(err)
	}
	got, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	page := err == nil && got == "text/html" && kind != "text/html"
	switch {
	case resp.StatusCode == http.StatusOK && !page:
		return resp.Body, nil
	case resp.StatusCode == http.StatusOK, resp.StatusCode >= 300 && resp.StatusCode < 400:
		err = permanent(errors.New("slack asks to log in; the token may not read it (files:read)"))
	case resp.StatusCode == http.StatusForbidden, resp.StatusCode == http.StatusNotFound, resp.StatusCode == http.StatusGone:
		err = permanent(fmt.Errorf("HTTP status %d", resp.StatusCode))
	default:
		err = &channels.SendError{RetryAfter: retryAfter(resp.Header), Err: fmt.Errorf("HTTP status %d", resp.StatusCode)}
	}
	resp.Body.Close()
	return nil, err
}

// limited fails when more than left bytes are read.
type limited struct {
	io.ReadCloser
	left int64
	err  error
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, l.err
	}
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.ReadCloser.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n - 1, l.err
	}
	return n, err
}
