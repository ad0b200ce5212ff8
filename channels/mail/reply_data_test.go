package mail

import (
	"strings"
	"testing"
)

type replyCase struct {
	Corpus, ID, Text           string
	Want                       *string
	Starts, Contains, Excludes []string
}

// trimReply drops what does not count in a comparison: blanks at line ends and
// blank lines around.
func trimReply(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \t\r")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// miss says what is wrong with a reply, or "".
func (c replyCase) miss(got string) string {
	got = trimReply(got)
	if c.Want != nil && got != trimReply(*c.Want) {
		return "want exactly: " + *c.Want
	}
	for _, s := range c.Starts {
		if !strings.HasPrefix(got, trimReply(s)) {
			return "want it to start with: " + s
		}
	}
	for _, s := range c.Contains {
		if !strings.Contains(got, trimReply(s)) {
			return "want in it: " + s
		}
	}
	for _, s := range c.Excludes {
		if strings.Contains(got, trimReply(s)) {
			return "want not in it: " + s
		}
	}
	return ""
}

// Real replies, from the tests of four other programs, and Chinese, Japanese
// and Korean ones.
func TestStripReplyRealMail(t *testing.T) {
	for _, set := range []struct {
		file  string
		floor float64
	}{{"reply_dev.jsonl", 0.97}, {"reply_zh.jsonl", 1}} {
		t.Run(set.file, func(t *testing.T) {
			cases := jsonLines[replyCase](t, testData(t, "mail", set.file))
			passed := 0
			for _, c := range cases {
				got := StripReply(c.Text)
				if miss := c.miss(got); miss != "" {
					t.Logf("%s/%s\n%s\n--- from\n%s\n--- got\n%s\n", c.Corpus, c.ID, miss, c.Text, got)
				} else {
					passed++
				}
			}
			share := float64(passed) / float64(len(cases))
			t.Logf("%s: %d of %d as wanted (%.1f %%)", set.file, passed, len(cases), 100*share)
			if share < set.floor {
				t.Errorf("%s: %.3f is under the floor of %.3f", set.file, share, set.floor)
			}
		})
	}
}
