package slack

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// stamp is the time that a ts ("1605853844.000800") or a number of seconds
// names; zero if it names none.
func stamp(ts string) time.Time {
	secs, frac, _ := strings.Cut(ts, ".")
	s, err := strconv.ParseInt(secs, 10, 64)
	if err != nil || s <= 0 || s > 1<<36 {
		return time.Time{}
	}
	frac = (frac + "000000000")[:9]
	ns, err := strconv.ParseUint(frac, 10, 32)
	if err != nil {
		ns = 0
	}
	return time.Unix(s, int64(ns)).UTC()
}

// tsOf writes a time as Slack writes a ts.
func tsOf(t time.Time) string { return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000) }

// compareTS orders timestamps; the empty one is the first.
func compareTS(a, b string) int {
	sa, fa, _ := strings.Cut(a, ".")
	sb, fb, _ := strings.Cut(b, ".")
	return cmp.Or(cmp.Compare(len(sa), len(sb)), strings.Compare(sa, sb), strings.Compare(fa, fb))
}

func laterTS(a, b string) string {
	if compareTS(a, b) >= 0 {
		return a
	}
	return b
}

func earlierTS(a, b string) string {
	if compareTS(a, b) <= 0 {
		return a
	}
	return b
}
