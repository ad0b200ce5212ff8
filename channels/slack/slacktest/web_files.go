package slacktest

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// maxFile is more than any test needs; Slack takes 1 GB.
const maxFile = 256 << 20

// file is an upload.
type file struct {
	id, name, title string
	by              *User
	size            int
	data            []byte
	uploaded        bool
	shares          []*message
	gone            bool
	created         time.Time
}

func (f *file) kind() string {
	if t := mime.TypeByExtension(path.Ext(f.name)); t != "" {
		kind, _, err := mime.ParseMediaType(t)
		if err == nil {
			return kind
		}
	}
	return "application/octet-stream"
}

// object is f as files.info shows it.
func (w *World) fileObject(f *file) object {
	at := w.base("http") + "/files-pri/" + w.home.ID + "-" + f.id
	o := object{"id": f.id, "created": f.created.Unix(), "timestamp": f.created.Unix(), "name": f.name, "title": f.title, "mimetype": f.kind(),
		"filetype": strings.TrimPrefix(path.Ext(f.name), "."), "pretty_type": strings.ToUpper(strings.TrimPrefix(path.Ext(f.name), ".")),
		"user": f.by.ID, "user_team": f.by.team.ID, "editable": false, "size": len(f.data), "mode": "hosted", "is_external": false,
		"external_type": "", "is_public": false, "public_url_shared": false, "display_as_bot": false, "username": "", "file_access": "visible",
		"url_private": at + "/" + f.name, "url_private_download": at + "/download/" + f.name, "permalink": "https://" + w.home.Domain + ".slack.com/files/" + f.id,
		"has_rich_preview": false, "media_display_type": "unknown"}
	if f.gone {
		return object{"id": f.id, "mode": "tombstone"}
	}
	shares := map[string]object{"public": {}, "private": {}}
	var channels, groups, ims []string
	for _, m := range f.shares {
		kind := "private"
		switch m.c.channelType() {
		case "channel":
			kind, channels = "public", append(channels, m.c.ID)
		case "group":
			groups = append(groups, m.c.ID)
		default:
			ims = append(ims, m.c.ID)
		}
		list, _ := shares[kind][m.c.ID].([]any)
		share := object{"ts": m.ts, "channel_name": m.c.Name, "team_id": w.home.ID, "share_user_id": f.by.ID}
		if m.thread != "" {
			share["thread_ts"] = m.thread
		}
		shares[kind][m.c.ID] = append(list, share)
	}
	o["shares"], o["channels"], o["groups"], o["ims"] = shares, channels, groups, ims
	return o
}

// inMessage is f as a message shows it. Of a file of another team, only its id is
// told there (https://docs.slack.dev/apis/slack-connect, "files").
func (w *World) inMessage(f *file, by *User) object {
	if by.external() && !f.gone {
		return object{"id": f.id, "created": 0, "timestamp": 0, "user": "", "mode": "file_access", "file_access": "check_file_info"}
	}
	o := w.fileObject(f)
	for _, k := range []string{"shares", "channels", "groups", "ims"} {
		delete(o, k)
	}
	return o
}

func (w *World) newFile(by *User, name string) *file {
	f := &file{id: w.id("F"), name: path.Base(name), title: name, by: by, created: time.Now()}
	w.files[f.id] = f
	return f
}

func (w *World) filesURL(c *call) (object, error) {
	name, size := c.str("filename"), c.number("length", 0)
	if name == "" || size <= 0 {
		w.violate(c.method, "an upload without a name or a length")
		return nil, fail("invalid_arguments")
	}
	f := w.newFile(w.bot, name)
	f.size = size
	return object{"upload_url": w.base("http") + "/upload/" + f.id, "file_id": f.id}, nil
}

// serveUpload takes the bytes of a file, bare or as a form.
func (w *World) serveUpload(rw http.ResponseWriter, r *http.Request) {
	c := &call{method: "upload", args: map[string]any{"file": r.PathValue("file")}}
	c.fault = w.strike(c)
	if c.fault.before(w, c, rw, r) {
		return
	}
	var in io.Reader = r.Body
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		parts, err := r.MultipartReader()
		if err != nil {
			http.Error(rw, "no form", http.StatusBadRequest)
			return
		}
		if in, err = parts.NextPart(); err != nil {
			http.Error(rw, "no part", http.StatusBadRequest)
			return
		}
	}
	data, err := io.ReadAll(io.LimitReader(in, maxFile))
	w.mu.Lock()
	f := w.files[r.PathValue("file")]
	wrong := err != nil || f == nil || len(data) != f.size
	if !wrong {
		f.data, f.uploaded = data, true
	} else {
		w.violate("upload", "%d bytes of a file that was announced with others", len(data))
	}
	w.noteLocked(c, "")
	w.change()
	w.mu.Unlock()
	if wrong {
		http.Error(rw, "length mismatch", http.StatusBadRequest)
		return
	}
	if c.fault.after(w, rw, r) {
		return
	}
	refuse(rw, http.StatusOK, "OK - "+r.PathValue("file"))
}

func (w *World) filesComplete(c *call) (object, error) {
	var named []struct{ ID, Title string }
	if _, err := c.decoded("files", &named); err != nil || len(named) == 0 {
		w.violate(c.method, "no files")
		return nil, fail("invalid_arguments")
	}
	c.args["channel"] = c.str("channel_id")
	var fs []*file
	for _, n := range named {
		f := w.files[n.ID]
		if f == nil || !f.uploaded || len(f.shares) > 0 {
			return nil, fail("file_not_found")
		}
		f.title = n.Title
		fs = append(fs, f)
	}
	k := newChecker(false)
	k.parsed(c.str("initial_comment"))
	w.noteText(c, k)
	if c.str("channel") != "" {
		ch, err := w.place(c)
		if err != nil {
			return nil, err
		}
		thread, err := w.threadOf(c, ch)
		if err != nil {
			return nil, err
		}
		m := &message{c: ch, by: w.bot, text: c.str("initial_comment"), thread: thread, files: fs}
		if f := c.fault; f != nil && f.Kind == LateShare {
			w.shareLater(m, f.Delay)
		} else {
			w.share(m)
		}
	}
	var out []any
	for _, f := range fs {
		out = append(out, w.fileObject(f))
	}
	return object{"files": out}, nil
}

func (w *World) share(m *message) {
	m.subtype = "file_share"
	for _, f := range m.files {
		f.shares = append(f.shares, m)
	}
	w.post(m)
}

// shareLater is share as Slack often does it: after it has answered.
func (w *World) shareLater(m *message, wait time.Duration) {
	time.AfterFunc(wait, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !w.closed {
			w.share(m)
		}
	})
}

func (w *World) filesInfo(c *call) (object, error) {
	f := w.files[c.str("file")]
	switch {
	case f == nil || !w.sees(f):
		return nil, fail("file_not_found")
	case f.gone:
		return nil, fail("file_deleted")
	}
	return object{"file": w.fileObject(f), "comments": []any{}}, nil
}

// sees reports whether our app may see f: it is its own, or stands in a channel
// where the app is.
func (w *World) sees(f *file) bool {
	return f.by == w.bot || slices.ContainsFunc(f.shares, func(m *message) bool { return m.c.members[w.bot] })
}

// loginPage is what Slack answers, with 200, to somebody who may not read a file.
const loginPage = "<!DOCTYPE html><html><head><title>Login | Slack</title></head><body>Sign in to your workspace</body></html>"

// serveFile sends a file to who has the token, and a login page to others.
func (w *World) serveFile(rw http.ResponseWriter, r *http.Request) {
	c := &call{method: "download", args: map[string]any{}}
	c.fault = w.strike(c)
	if c.fault.before(w, c, rw, r) || c.fault.after(w, rw, r) {
		return
	}
	_, id, _ := strings.Cut(r.PathValue("id"), "-")
	w.mu.Lock()
	f := w.files[id]
	ok := f != nil && !f.gone && w.sees(f) && w.app.scopes["files:read"] && !w.app.revoked &&
		r.Header.Get("Authorization") == "Bearer "+w.app.botToken
	w.noteLocked(c, "")
	w.mu.Unlock()
	switch {
	case f == nil || f.gone:
		http.Error(rw, "not found", http.StatusNotFound)
	case !ok:
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		refuse(rw, http.StatusOK, loginPage)
	default:
		rw.Header().Set("Content-Type", f.kind())
		http.ServeContent(rw, r, f.name, f.created, bytes.NewReader(f.data))
	}
}
