package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	slackapi "github.com/slack-go/slack"

	"frontdesk/channels"
)

// fitting parts files into those that go along and those that are too large. Empty
// ones Slack takes from nobody: they count as too large.
func (c *Channel) fitting(files []channels.File) (fit, left []channels.File) {
	for _, f := range files {
		if f.Data.Zero() || f.Data.Size == 0 || f.Data.Size > c.cfg.FileLimit {
			left = append(left, f)
		} else {
			fit = append(fit, f)
		}
	}
	return fit, left
}

// fileName is what a file is called in Slack.
func fileName(f channels.File) string {
	name := strings.ReplaceAll(oneLine(f.Name), "\\", "/")
	if name = cut(path.Base(name), 200); name == "." || name == "/" || name == "" {
		return "file"
	}
	return name
}

// share uploads one file and shares it. Only the last of its three calls can be in
// doubt: what is uploaded and never completed, nobody sees
// (https://docs.slack.dev/messaging/working-with-files#upload). The message with the
// file comes a moment after the last call has returned; it is looked for only when an
// attempt is repeated, which is later than that.
func (c *Channel) share(ctx context.Context, w spot, f channels.File) error {
	name := fileName(f)
	if err := c.sendTurn(ctx, "files.getUploadURLExternal"); err != nil {
		return err
	}
	askCtx, k := watched(ctx)
	target, err := c.client().GetUploadURLExternalContext(askCtx, slackapi.GetUploadURLExternalParameters{FileName: name, FileSize: int(f.Data.Size)})
	if err := k.outcome(askCtx, err, true); err != nil {
		return err
	}
	if err != nil || target.UploadURL == "" || target.FileID == "" {
		return errors.Join(errors.New("files.getUploadURLExternal: an answer without an address"), err)
	}
	if err := c.upload(ctx, target.UploadURL, f); err != nil {
		return fmt.Errorf("upload of %d bytes: %w", f.Data.Size, err)
	}
	if err := c.sendTurn(ctx, "files.completeUploadExternal"); err != nil {
		return err
	}
	shareCtx, k := watched(ctx)
	_, err = c.client().CompleteUploadExternalContext(shareCtx, slackapi.CompleteUploadExternalParameters{
		Files: []slackapi.FileSummary{{ID: target.FileID, Title: name}}, Channel: w.channel, ThreadTimestamp: w.thread})
	return k.outcome(shareCtx, err, false)
}

// upload streams the bytes. The address holds a right of its own: the token stays
// here.
func (c *Channel) upload(ctx context.Context, target string, f channels.File) error {
	u, err := url.Parse(target)
	if err != nil || !c.trusted(u) {
		return errors.New("its address is not Slack's")
	}
	r, err := f.Data.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	ctx, cancel := context.WithTimeout(ctx, fileLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, r)
	if err != nil {
		return hideURL(err)
	}
	req.ContentLength = f.Data.Size
	req.Header.Set("Content-Type", "application/octet-stream")
	resp, err := c.httpClient().Do(req)
	if err != nil {
		return because(ctx, hideURL(err))
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP %d", resp.StatusCode)
	}
	return nil
}

// trusted reports whether u is Slack's, or of the API that we were told to use.
func (c *Channel) trusted(u *url.URL) bool {
	if api, err := url.Parse(c.cfg.APIURL); err == nil && u.Scheme == api.Scheme && strings.EqualFold(u.Host, api.Host) {
		return true
	}
	host := strings.ToLower(u.Hostname())
	return u.Scheme == "https" && (host == "slack.com" || strings.HasSuffix(host, ".slack.com") ||
		host == "slack-gov.com" || strings.HasSuffix(host, ".slack-gov.com"))
}
