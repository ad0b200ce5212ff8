package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode"

	"frontdesk/bot/texts"
	"frontdesk/store"
)

// This file checks what is on this machine.

func (d *doctor) configuration(context.Context) finding {
	cfg, err := LoadConfig(d.config)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fail("`frontdesk init` writes one; --config names one that is elsewhere", "there is no configuration file %s", d.config)
	case errors.As(err, new(*ConfigError)):
		return problems(err, "there is a mistake in "+d.config, "there are %d mistakes in "+d.config)
	case err != nil:
		return fail("make it readable for the user that runs this", "%v", err)
	}
	d.cfg = cfg
	return good("%s is right: %s, %s", d.config, plural(len(cfg.Channels), "channel"), plural(len(cfg.Staff), "member")+" of staff")
}

// passwords keeps those that are there, so that one that is missing does not stop
// the checks that need another.
func (d *doctor) passwords(context.Context) finding {
	d.secrets = Secrets{map[Secret]string{}}
	var open []string
	for _, x := range d.cfg.secrets {
		value, problem, _ := d.cfg.secret(x.Secret)
		if problem == "" && value != "" && !strings.ContainsFunc(value, unicode.IsControl) {
			d.secrets.values[x.Secret] = value
		}
		if info, err := os.Stat(x.File); x.File != "" && err == nil && info.Mode().Perm()&0o077 != 0 && !slices.Contains(open, x.File) {
			open = append(open, x.File)
		}
	}
	what := "password"
	if slices.ContainsFunc(d.cfg.secrets, func(x placedSecret) bool { return x.what != what }) {
		what = "secret"
	}
	if _, err := d.cfg.Secrets(); err != nil {
		return problems(err, "a "+what+" cannot be used", "%d "+what+"s cannot be used")
	}
	if open != nil {
		return warn("chmod 600 "+strings.Join(open, " "), "others on this machine may read %s", strings.Join(open, ", "))
	}
	return good("%s in %s", plural(len(d.secrets.values), what), plural3(len(d.secrets.values), "its place", "their places"))
}

func (d *doctor) faq(ctx context.Context) finding {
	x, err := d.loadFAQ(ctx, d.cfg, d.cfg.FAQ)
	if errors.Is(err, context.DeadlineExceeded) { // mistakes are found at once: there is none
		return warn("nothing is wrong: serve takes the time that it needs, once for each change of the FAQ", "learning the FAQ takes longer than %v here", checkTime)
	} else if err != nil {
		return problems(err, "the FAQ cannot be used", "the FAQ cannot be used: %d mistakes")
	}
	return good("%d entries in %s", len(x.Entries()), strings.Join(d.cfg.FAQ, ", "))
}

func (d *doctor) texts(context.Context) finding {
	if _, err := texts.Load(d.cfg.Texts); err != nil {
		return problems(err, "the texts cannot be used", "the texts cannot be used: %d mistakes")
	}
	if d.cfg.Texts == "" {
		return good("the bot's own sentences, in %s", strings.Join(d.cfg.Company.Languages, " and "))
	}
	return good("the bot's own sentences, and those that replace them in %s", d.cfg.Texts)
}

// How much space the database should find.
const (
	spaceNeeded = 200 << 20
	spaceWanted = 1 << 30
)

// disk writes a file beside the database and looks how much space is left.
func (d *doctor) disk(context.Context) finding {
	dir := filepath.Dir(d.cfg.Database)
	if whole, err := filepath.Abs(dir); err == nil { // "." says little
		dir = whole
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fail("create it, or name another with `database:`", "the folder of the database, %s, does not exist", dir)
	}
	free, err := d.free(dir)
	if err != nil {
		return fail("see whether the disk is mounted", "%s does not say how much space it has: %v", dir, err)
	}
	const makeSpace = "make space there, or name a database on another disk with `database:`; while the disk is full the bot takes no mail in"
	if free < spaceNeeded {
		return fail(makeSpace, "only %s are free in %s; %s are needed, %s are good", size(free), dir, size(spaceNeeded), size(spaceWanted))
	}
	switch err := d.tryWriting(dir); {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fail(makeSpace, "%s takes no more data: %v", dir, err)
	case err != nil:
		return fail("let the user that runs frontdesk write there (chown); SQLite keeps further files beside the database", "%s cannot be written to: %v", dir, err)
	}
	if free < spaceWanted {
		return warn(makeSpace, "%s are free in %s; %s are good", size(free), dir, size(spaceWanted))
	}
	return good("%s can be written to, and %s are free", dir, size(free))
}

// tryWriting writes 64 KiB through to the disk, and notes the file system's time.
func (d *doctor) tryWriting(dir string) (err error) {
	from := d.now()
	f, err := os.CreateTemp(dir, ".frontdesk-doctor-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	if _, err := f.Write(make([]byte, 64<<10)); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		d.times = append(d.times, foreignTime{"the disk", false, info.ModTime(), from, d.now()})
	}
	return err
}

func size(n uint64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	default:
		return fmt.Sprintf("%d MB", n>>20)
	}
}

// database looks at the file without changing it. quick_check reads all of it: of
// a large one the rest is left to a quiet hour.
func (d *doctor) database(ctx context.Context) finding {
	file := d.cfg.Database
	const deepBelow = 1 << 30
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		d.fresh = true
		if _, err := os.Stat(filepath.Dir(file)); err != nil {
			return skip("not tried: its folder must be there first")
		}
		return good("%s is not there yet; serve creates it", file)
	}
	deep := err == nil && info.Size() < deepBelow
	c, err := store.Check(ctx, file, deep)
	newer, isNewer := errors.AsType[*store.NewerError](err)
	switch {
	case isNewer:
		return fail("use a frontdesk at least as new as the one that wrote it", "%s has schema %d, and this frontdesk knows schemas up to %d", file, newer.Have, newer.Know)
	case errors.As(err, new(*store.DamagedError)):
		return fail("stop serve, keep a copy of the file, and go back to the last backup", "%v", err)
	case errors.Is(err, context.DeadlineExceeded):
		return fail("another program may hold it: see which with `fuser`", "%s gave no answer in time", file)
	case err != nil:
		return fail("let the user that runs frontdesk read and write the file and its folder; if it is no database of frontdesk, name another file with `database:`", "%v", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return warn("chmod 600 "+file, "others on this machine may read %s, which holds customers' messages", file)
	}
	found := fmt.Sprintf("%s opens, can be written to", file)
	if deep {
		found += " and is sound"
	}
	if c.Schema < c.Known {
		return good("%s; serve will bring its schema from %d to %d", found, c.Schema, c.Known)
	}
	return good("%s", found)
}

// serving looks for a running serve, as serve itself does; see [lock]. It shares
// the lock and gives it back at once, because a serve that begins in that moment
// would be refused.
func (d *doctor) serving(context.Context) finding {
	f, err := os.Open(d.cfg.Database + ".lock")
	if errors.Is(err, fs.ErrNotExist) {
		return good("no serve has run on this database yet")
	} else if err != nil {
		return fail("let the user that runs frontdesk read and write it", "the lock of the database: %v", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		d.running = true
		return good("another frontdesk is running on this database; these checks run beside it, and a second serve would be refused")
	} else if err != nil {
		return fail("keep the database on a local disk, not on a network share", "the lock of the database: %v", err)
	}
	return good("no serve is running on this database")
}

// monitoring looks whether the address for monitoring is free, unless a serve is
// there to have it.
func (d *doctor) monitoring(ctx context.Context) finding {
	at := d.cfg.HTTP.Listen
	if d.running {
		return skip("not tried: the serve that is running has %s", at)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", at)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fail("write another port in http.listen, or stop the program that has this one (ss -ltnp shows it)", "another program listens on %s", at)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fail("write an address that this machine has in http.listen; 127.0.0.1 is always there", "%s is no address of this machine", at)
	case errors.Is(err, syscall.EACCES):
		return fail("write a port from 1024 up in http.listen", "this user may not listen on %s", at)
	case err != nil:
		return fail("correct http.listen", "%v", err)
	}
	l.Close()
	return good("%s is free for monitoring", at)
}

// samples finds what nobody has changed since init.
func (d *doctor) samples(context.Context) finding {
	data, err := samples.ReadFile("init/frontdesk.yaml")
	if err != nil {
		return fail("please report this", "%v", err)
	}
	sample, err := ParseConfig("frontdesk.yaml", data, os.LookupEnv, os.ReadFile)
	if err != nil {
		return fail("please report this", "%v", err)
	}
	var same []string
	note := func(is bool, format string, args ...any) {
		if is {
			same = append(same, fmt.Sprintf(format, args...))
		}
	}
	c, s := d.cfg, sample
	note(c.Company.Name == s.Company.Name, "company.name: customers are told that they are talking to %s", c.Company.Name)
	note(c.Company.Phone == s.Company.Phone && c.Company.Phone != "", "company.phone: %s is nobody's number", c.Company.Phone)
	note(c.Company.Website == s.Company.Website && c.Company.Website != "", "company.website: %s does not exist", c.Company.Website)
	note(reflect.DeepEqual(c.Hours.Days, s.Hours.Days), "hours.days: are people really there %s?", c.Calendar.Describe("en"))
	note(len(c.Hours.Holidays) > 0 && slices.Equal(c.Hours.Holidays, s.Hours.Holidays), "hours.holidays: are these your holidays?")
	note(reflect.DeepEqual(c.Promises, s.Promises), "promises: can your people keep these times?")
	for _, m := range c.Staff {
		note(strings.HasSuffix(m.Mail, "@acme.example"), "staff: %s has the address %s, which reaches nobody", m.Name, m.Mail)
	}
	if same == nil {
		return good("nothing is left of the sample configuration")
	}
	f := warn("where a value is right for you, all is well; change the others in "+c.File, "%s still as in the sample configuration", plural(len(same), "value"))
	f.More = same
	return f
}

// foreignTime is another clock's time, and ours before and after asking.
type foreignTime struct {
	whose    string
	server   bool // a server's, whose clock is kept
	at       time.Time
	from, to time.Time
}

// off is how far ours is ahead of it; 0 within what two clocks may differ by.
func (t foreignTime) off() time.Duration {
	const tolerance = 2 * time.Minute
	switch {
	case t.at.Before(t.from.Add(-tolerance)):
		return t.from.Sub(t.at)
	case t.at.After(t.to.Add(tolerance)):
		return t.to.Sub(t.at)
	}
	return 0
}

// clock compares this machine's time with those that the other checks have met,
// and with itself: began was its time when lasted began to be counted.
func (d *doctor) clock(began time.Time, lasted time.Duration) finding {
	const set = "set the clock and keep it right (timedatectl set-ntp true): customers are told times, and certificates are judged, by it"
	now := d.now().Round(0)
	shown := now.Format("2006-01-02 15:04 MST")
	if d.cfg != nil {
		shown = now.In(d.cfg.Company.Location).Format("2006-01-02 15:04 MST")
	}
	if now.Year() < 2024 {
		return warn(set, "this machine believes that it is %s", shown)
	}
	if jump := now.Sub(began) - lasted; jump.Abs() > 2*time.Second {
		return warn(set, "this machine's clock jumped by %v while these checks ran", rough(jump))
	}
	told := slices.ContainsFunc(d.times, func(t foreignTime) bool { return t.server })
	for _, t := range d.times {
		if told && !t.server { // the disk's is this machine's own, or another's without a name
			continue
		}
		if off := t.off(); off > 0 {
			return warn(set, "this machine's clock is %s ahead of that of %s", apart(off), t.whose)
		} else if off < 0 {
			return warn(set, "this machine's clock is %s behind that of %s", apart(-off), t.whose)
		}
	}
	mail := d.cfg == nil || slices.ContainsFunc(d.cfg.Channels, func(ch ChannelConfig) bool { return ch.Mail != nil })
	switch {
	case !told && mail:
		return good("%s here; no mail server told its time to compare", shown)
	case !told:
		return good("%s here; no server told its time to compare", shown)
	case slices.ContainsFunc(d.times, func(t foreignTime) bool { return t.server && t.whose != slackClock }):
		return good("%s here, as at the mail server", shown)
	}
	return good("%s here, as at Slack", shown)
}

// apart is a difference of clocks as people say it.
func apart(t time.Duration) string {
	switch t = t.Round(time.Minute); {
	case t >= 48*time.Hour:
		return plural(int(t.Hours()/24), "day")
	case t >= time.Hour:
		return fmt.Sprintf("%d h %d min", int(t.Hours()), int(t.Minutes())%60)
	}
	return fmt.Sprintf("%d min", int(t.Minutes()))
}
