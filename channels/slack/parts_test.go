package slack

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"frontdesk/channels"
	"frontdesk/channels/slack/slacktest"
)

// long needs three messages.
func long() string {
	var b strings.Builder
	for i := range 70 {
		fmt.Fprintf(&b, "Paragraph %d. %s\n\n", i, strings.Repeat("Words. ", 13))
	}
	return b.String()
}

// A long message becomes several, in order, a second apart, below the first. If an
// attempt ends between them, by whatever cause, the next one sends what is missing.
func TestLongMessagesAreSplit(t *testing.T) {
	for _, kind := range []slacktest.FaultKind{"", slacktest.TooMany, slacktest.CutBefore, slacktest.CutAfter, slacktest.Truncate, slacktest.HangAfter} {
		for skip := range 3 {
			t.Run(fmt.Sprintf("%s after %d", kind, skip), func(t *testing.T) {
				inOffice(t, func(t *testing.T, h *office) {
					out := h.out(long())
					if kind != "" {
						h.Fault(slacktest.Fault{Kind: kind, Method: "chat.postMessage", Skip: skip, Times: 1, RetryAfter: "20"})
					}
					ref, err := h.send(t, out)
					if (err == nil) != (kind == "") {
						t.Fatalf("Send: %v", err)
					}
					if err != nil {
						var found bool
						var ferr error
						time.Sleep(10 * time.Minute) // as the outbox does
						if ref, found, ferr = h.slack.Find(t.Context(), out); ferr != nil {
							t.Fatal(ferr)
						}
						if !found {
							ref = h.mustSend(t, out)
						}
					}
					said := h.said(h.staff)
					if len(said) != 3 {
						t.Fatalf("%d messages", len(said))
					}
					if ref != h.slack.ref(h.staff.ID, said[0].TS) {
						t.Errorf("the ref is %s, the first message %s", ref, said[0].TS)
					}
					var all strings.Builder
					for i, m := range said {
						all.WriteString(m.Readable + "\n")
						if i > 0 && m.Thread != said[0].TS {
							t.Errorf("message %d is not below the first: %q", i, m.Thread)
						}
						if i > 0 && gap(said[i-1].TS, m.TS) < time.Second {
							t.Errorf("message %d came after %v", i, gap(said[i-1].TS, m.TS))
						}
					}
					if got, want := strings.Fields(all.String()), strings.Fields(long()); strings.Join(got, " ") != strings.Join(want, " ") {
						t.Errorf("the messages say something else than the whole: %d words, not %d", len(got), len(want))
					}
					if r, found, err := h.slack.Find(t.Context(), out); r != ref || !found || err != nil {
						t.Errorf("Find = %s, %v, %v", r, found, err)
					}
				})
			})
		}
	}
}

// gap is the time between two messages. The fake tells those of one moment apart by
// microseconds, which are allowed for.
func gap(a, b string) time.Duration {
	var x, y float64
	fmt.Sscan(a, &x)
	fmt.Sscan(b, &y)
	return time.Duration((y - x + 1e-4) * 1e9)
}

// The buttons of a long card are on the message that the ref names: there they are
// pressed, and from there they are taken.
func TestButtonsAreOnTheFirstPart(t *testing.T) {
	inOffice(t, func(t *testing.T, h *office) {
		out := h.out("")
		out.Card = &channels.Card{Title: "#1042", Fields: []channels.Field{{Label: "Customer", Value: "Ann"}}, Footer: "small print"}
		for i := range 60 {
			out.Card.Lines = append(out.Card.Lines, channels.Line{Who: "Ann", When: "09:00", Text: fmt.Sprint(i, strings.Repeat(" words", 20))})
		}
		out.Choices = []channels.Choice{{Label: "Take", Action: channels.Action{Name: "take", Case: 1042}}}
		ref := h.mustSend(t, out)
		said := h.said(h.staff)
		if len(said) < 2 || h.slack.ref(h.staff.ID, said[0].TS) != ref {
			t.Fatalf("%d messages, ref %s", len(said), ref)
		}
		for i, m := range said {
			if (len(m.Buttons) == 1) != (i == 0) {
				t.Errorf("message %d has the buttons %v", i, m.Buttons)
			}
		}
		if !strings.HasPrefix(said[0].Readable, "#1042") || !strings.Contains(said[len(said)-1].Readable, "small print") {
			t.Errorf("the first reads %.40q", said[0].Readable)
		}
	})
}

// In a direct message nothing hides below another message.
func TestLongDirectMessages(t *testing.T) {
	inOffice(t, func(t *testing.T, h *office) {
		out := h.out(long())
		out.Place = "@" + h.ann.Identity()
		h.mustSend(t, out)
		said := h.said(h.ann.Direct())
		if len(said) != 3 || said[1].Thread != "" || said[2].Thread != "" {
			t.Errorf("%d messages", len(said))
		}
	})
}

func TestFindWantsProof(t *testing.T) {
	inOffice(t, func(t *testing.T, h *office) {
		root := h.ann.Say(h.staff, "a root")
		for name, place := range map[string]string{"room": h.staff.ID, "thread": threadPlace(h.staff.ID, root), "direct": "@" + h.ann.Identity()} {
			out := h.out("found: " + name)
			out.Place = place
			if _, found, err := h.slack.Find(t.Context(), out); found || err != nil {
				t.Errorf("%s: found before it was sent: %v", name, err)
			}
			ref := h.mustSend(t, out)
			if got, found, err := h.slack.Find(t.Context(), out); got != ref || !found || err != nil {
				t.Errorf("%s: Find = %q, %v, %v; want %q", name, got, found, err, ref)
			}
			other := out
			other.Key = "another"
			if _, found, err := h.slack.Find(t.Context(), other); found || err != nil {
				t.Errorf("%s: another delivery of the same words is found: %v", name, err)
			}
		}
		// Without metadata, only our own words prove it.
		h.Fault(slacktest.Fault{Kind: slacktest.NoMetadata, Times: 1})
		out := h.out("see <this> & that: http://example.com/x")
		ref := h.mustSend(t, out)
		if got, found, err := h.slack.Find(t.Context(), out); got != ref || !found || err != nil {
			t.Errorf("without metadata: Find = %q, %v, %v; want %q", got, found, err, ref)
		}
		same := h.out("said by ann")
		h.ann.Say(h.staff, "said by ann")
		if _, found, err := h.slack.Find(t.Context(), same); found || err != nil {
			t.Errorf("Ann's words were taken for ours: %v", err)
		}
	})
}

// Find reads page after page.
func TestFindAmongMany(t *testing.T) {
	inOffice(t, func(t *testing.T, h *office) {
		out := h.out("needle")
		ref := h.mustSend(t, out)
		for i := range 3 * pageSize {
			h.ann.Say(h.staff, fmt.Sprint("hay ", i))
		}
		if got, found, err := h.slack.Find(t.Context(), out); got != ref || !found || err != nil {
			t.Errorf("Find = %q, %v, %v; want %q", got, found, err, ref)
		}
	})
}

func TestAmend(t *testing.T) {
	inOffice(t, func(t *testing.T, h *office) {
		post := h.out("before")
		post.Choices = []channels.Choice{{Label: "Take", Action: channels.Action{Name: "take"}}}
		ref := h.mustSend(t, post)
		_, ts, _ := splitRef(ref)
		before, _ := h.Message(h.staff, ts)

		amend := h.out("after")
		amend.Op, amend.Target = channels.Amend, ref
		if got := h.mustSend(t, amend); got != ref {
			t.Errorf("the ref is %q", got)
		}
		m, _ := h.Message(h.staff, ts)
		if strings.TrimSpace(m.Readable) != "after" || m.Text != "after" || len(m.Buttons) != 0 {
			t.Errorf("it reads %q (%q) %v", m.Readable, m.Text, m.Buttons)
		}
		if bytes.Contains(m.Blocks, []byte(blockID(post.Key, 0, 0))) || !bytes.Contains(before.Blocks, []byte(blockID(post.Key, 0, 0))) {
			t.Error("the ids of the blocks are the old ones")
		}
		if got, found, err := h.slack.Find(t.Context(), post); got != ref || !found || err != nil {
			t.Errorf("amended, Find = %q, %v, %v", got, found, err)
		}
		amend.Body.Text = long()
		h.mustSend(t, amend)
		if m, _ = h.Message(h.staff, ts); !strings.HasSuffix(strings.TrimSpace(m.Readable), "…") {
			t.Errorf("it ends with %q", m.Readable[len(m.Readable)-20:])
		}
		for kind, permanent := range map[slacktest.FaultKind]bool{slacktest.CutAfter: false, slacktest.Empty: false, slacktest.ServerError: false} {
			h.Fault(slacktest.Fault{Kind: kind, Method: "chat.update", Times: 1})
			if _, err := h.send(t, amend); err == nil || err.Unknown || err.Permanent != permanent {
				t.Errorf("%s: %v; amending twice does no harm", kind, err)
			}
		}
		amend.Target = h.slack.ref(h.staff.ID, "1.000001")
		if _, err := h.send(t, amend); err == nil || !err.Permanent {
			t.Errorf("message_not_found: %v", err)
		}
		amend.Target = "slack:TOTHER/" + h.staff.ID + "/" + ts
		if _, err := h.send(t, amend); err == nil || !err.Permanent {
			t.Errorf("a message of another team: %v", err)
		}
	})
}

func TestReact(t *testing.T) {
	inOffice(t, func(t *testing.T, h *office) {
		ts := h.ann.Say(h.staff, "hello")
		out := h.out("")
		out.Op, out.Target, out.Sign = channels.React, h.slack.ref(h.staff.ID, ts), "ok"
		h.mustSend(t, out)
		h.mustSend(t, out) // already there
		out.Sign = "warning"
		h.mustSend(t, out)
		if m, _ := h.Message(h.staff, ts); len(m.Reactions["white_check_mark"]) != 1 || len(m.Reactions["warning"]) != 1 {
			t.Errorf("reactions: %v", m.Reactions)
		}
		out.Sign = "dance"
		if _, err := h.send(t, out); err == nil || !err.Permanent {
			t.Errorf("an unknown sign: %v", err)
		}
	})
}

// Files stand below the message, once, whatever breaks when.
func TestFiles(t *testing.T) {
	for _, fault := range []slacktest.Fault{
		{},
		{Method: "files.getUploadURLExternal", Kind: slacktest.CutBefore},
		{Method: "upload", Kind: slacktest.CutAfter},
		{Method: "files.completeUploadExternal", Kind: slacktest.CutBefore},
		{Method: "files.completeUploadExternal", Kind: slacktest.CutAfter},
		{Method: "files.completeUploadExternal", Kind: slacktest.CutAfter, Skip: 1},
		{Method: "files.completeUploadExternal", Kind: slacktest.TooMany, RetryAfter: "5"},
		{Method: "chat.postMessage", Kind: slacktest.CutAfter},
	} {
		t.Run(fmt.Sprint(fault.Method, " ", fault.Kind, " ", fault.Skip), func(t *testing.T) {
			inOffice(t, func(t *testing.T, h *office) {
				out := h.out("see the files")
				big := bytes.Repeat([]byte("x"), 100_000)
				out.Files = []channels.File{
					{Name: "a.txt", Type: "text/plain", Data: channels.Bytes([]byte("aaa"))},
					{Name: "../b\r\n.bin", Data: channels.Bytes(big)},
					{Name: "huge.iso", Data: channels.Blob{Size: 2 << 20, Open: func() (io.ReadCloser, error) { return nil, io.ErrUnexpectedEOF }}},
				}
				if fault.Kind != "" {
					fault.Times = 1
					h.Fault(fault)
				}
				ref, err := h.send(t, out)
				if (err == nil) != (fault.Kind == "") {
					t.Fatalf("Send: %v", err)
				}
				if err != nil {
					time.Sleep(10 * time.Minute)
					var found bool
					var ferr error
					if ref, found, ferr = h.slack.Find(t.Context(), out); ferr != nil {
						t.Fatal(ferr)
					} else if !found {
						ref = h.mustSend(t, out)
					}
				}
				said := h.said(h.staff)
				if len(said) != 3 || ref != h.slack.ref(h.staff.ID, said[0].TS) {
					t.Fatalf("%d messages, ref %s", len(said), ref)
				}
				if want := "see the files\n\nhuge.iso (2.1 MB)"; strings.TrimSpace(said[0].Readable) != want {
					t.Errorf("it reads %q, want %q", said[0].Readable, want)
				}
				for i, want := range []struct {
					name string
					data []byte
				}{{"a.txt", []byte("aaa")}, {"b .bin", big}} {
					m := said[i+1]
					if m.Thread != said[0].TS || len(m.Files) != 1 || m.Files[0].Name != want.name || !bytes.Equal(m.Files[0].Data, want.data) {
						t.Errorf("file %d: below %q, %d files", i, m.Thread, len(m.Files))
					}
				}
			})
		})
	}
}

// A message of files alone has a name all the same.
func TestFilesAlone(t *testing.T) {
	inOffice(t, func(t *testing.T, h *office) {
		out := h.out("")
		out.Files = []channels.File{{Name: "a.txt", Data: channels.Bytes([]byte("aaa"))}}
		h.mustSend(t, out)
		if said := h.said(h.staff); len(said) != 2 || strings.TrimSpace(said[0].Readable) != "a.txt" || len(said[1].Files) != 1 {
			t.Errorf("%+v", said)
		}
	})
}

// What Slack refuses of a post is a file: its name stands there instead, struck out,
// and the post is sent, once.
func TestRefusedFile(t *testing.T) {
	inOffice(t, func(t *testing.T, h *office) {
		h.Fault(slacktest.Fault{Kind: slacktest.Refuse, Error: "file_type_not_allowed", Method: "files.completeUploadExternal", Times: 1})
		out := h.out("here is your form")
		out.Files = []channels.File{{Name: "a.exe", Data: channels.Bytes([]byte("abc"))}, {Name: "b.txt", Data: channels.Bytes([]byte("abcd"))}}
		ref := h.mustSend(t, out)
		h.mustSend(t, out) // again, as after a crash
		said := h.said(h.staff)
		if len(said) != 3 || !strings.Contains(said[1].Readable, "a.exe") || len(said[1].Files) > 0 || len(said[2].Files) != 1 {
			t.Errorf("there stand %+v", said)
		}
		if got, found, err := h.slack.Find(t.Context(), out); err != nil || !found || got != ref {
			t.Errorf("found %q, %v, %v; want %q", got, found, err, ref)
		}
	})
}
