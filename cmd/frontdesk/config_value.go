package main

import (
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/goccy/go-yaml/ast"
)

// text returns one line of text that is not empty. What YAML takes for a
// number or for true is text here: a phone number is.
func (v *configValue) text() string {
	if v == nil {
		return ""
	}
	var s string
	switch n := v.node.(type) {
	case *ast.StringNode:
		s = n.Value
	case *ast.LiteralNode:
		s = n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		s = n.GetToken().Value
	default:
		v.wrong("this should be a text", "a text with a colon or brackets in it needs quotes: \"…\"")
		return ""
	}
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		v.problem("this is empty", "write a value, or remove the line")
	case strings.ContainsFunc(s, unicode.IsControl):
		v.problem("this has a line end or another control character in it", "write it on one line")
		return ""
	}
	return s
}

// number returns a whole number from least to most; 0 if it is none.
func (v *configValue) number(least, most int) int {
	if v == nil {
		return 0
	}
	switch node := v.node.(type) {
	case *ast.IntegerNode:
		n, err := strconv.Atoi(node.GetToken().Value)
		how := ""
		switch {
		case err != nil:
		case n < least:
			how = "small"
		case n > most:
			how = "large"
		default:
			return n
		}
		if how != "" {
			v.problem(fmt.Sprintf("%d is too %s", n, how), fmt.Sprintf("write a whole number from %d to %d", least, most))
			return 0
		}
	case *ast.StringNode:
		if _, err := strconv.Atoi(node.Value); err == nil {
			v.problem("this should be a number, and is a text", "write "+node.Value+" without quotes")
			return 0
		}
	}
	v.wrong("this should be a whole number", fmt.Sprintf("write one from %d to %d", least, most))
	return 0
}

// numberOr is number with a default.
func (v *configValue) numberOr(otherwise, least, most int) int {
	if v == nil {
		return otherwise
	}
	return v.number(least, most)
}

// yes returns true or false.
func (v *configValue) yes() bool {
	if v == nil {
		return false
	}
	if n, ok := v.node.(*ast.BoolNode); ok {
		return n.Value
	}
	v.wrong("this should be yes or no", "write true or false")
	return false
}

// oneOf returns one of the words; "" if it is none of them.
func (v *configValue) oneOf(words ...string) string {
	s := v.text()
	if s == "" || slices.Contains(words, s) {
		return s
	}
	v.problem(fmt.Sprintf("%q is not known here", s), didYouMean(s, words, "write "+orList(words)))
	return ""
}

// duration returns working time to an answer; 0 if it is none.
func (v *configValue) duration() time.Duration {
	s := v.text()
	if s == "" {
		return 0
	}
	const most = 2000 * time.Hour // a year of work
	d, err := time.ParseDuration(s)
	switch _, noUnit := strconv.Atoi(s); {
	case noUnit == nil:
		v.problem(fmt.Sprintf("%s has no unit", s), fmt.Sprintf("write %sh for hours or %sm for minutes", s, s))
	case err != nil && strings.HasSuffix(s, "d"):
		v.problem(fmt.Sprintf("%q is in days", s), "write the working hours, like 8h or 16h: not all days have as many")
	case err != nil:
		v.problem(fmt.Sprintf("%q is no duration", s), "write it like 90m, 8h or 1h30m")
	case d < time.Minute || d > most:
		v.problem(fmt.Sprintf("%s is too short or too long", s), "write one from 1m to 2000h")
	default:
		return d
	}
	return 0
}

// location returns a time zone; nil if it is none.
func (v *configValue) location() *time.Location {
	s := v.text()
	if s == "" {
		return nil
	}
	loc, err := time.LoadLocation(s)
	if err != nil || s == "Local" {
		v.problem(fmt.Sprintf("there is no time zone %q", s), "write its name in the IANA list, such as Asia/Shanghai (all of China), Europe/Berlin or UTC")
		return nil
	}
	return loc
}

// mail returns a plain mail address in small letters; "" if it is none.
func (v *configValue) mail() string {
	s := v.text()
	if s == "" {
		return ""
	}
	const like = "write it like ana@acme.example"
	a, err := mail.ParseAddress(s)
	switch {
	case err != nil:
		v.problem(fmt.Sprintf("%q is no mail address", s), like)
	case strings.ContainsFunc(s, func(c rune) bool { return c > unicode.MaxASCII }):
		v.problem(fmt.Sprintf("%q has letters in it that most mail servers refuse", s), "write it in ASCII, a domain in its form with xn--")
	case a.Address != s:
		v.problem(fmt.Sprintf("%q is more than a mail address", s), "write "+a.Address)
	default:
		return strings.ToLower(s)
	}
	return ""
}

// host returns a server's name or IP address; "" if it is none.
func (v *configValue) host() string {
	s := v.text()
	if s == "" {
		return ""
	}
	if ip := net.ParseIP(strings.Trim(s, "[]")); ip != nil {
		return ip.String()
	}
	isHost := func(c rune) bool {
		return c > unicode.MaxASCII || !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune(".-_", c)
	}
	if strings.ContainsFunc(s, isHost) {
		v.problem(fmt.Sprintf("%q is no server name", s), "write the name alone, like mail.acme.example, and its port as `port:`")
		return ""
	}
	return s
}

// website returns an address that begins with http; "" if it is none.
func (v *configValue) website() string {
	s := v.text()
	if s == "" {
		return ""
	}
	if u, err := url.Parse(s); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		v.problem(fmt.Sprintf("%q is no web address", s), "write it like https://acme.example")
		return ""
	}
	return s
}

// file returns a path, seen from where the program runs.
func (v *configValue) file() string {
	s := v.text()
	switch {
	case s == "":
		return ""
	case strings.HasPrefix(s, "~"):
		v.problem("~ is not known here", "write the whole path, or one that begins in the folder of this file")
		return ""
	}
	return v.r.beside(s)
}

// beside returns a path that begins in the configuration file's folder.
func (r *configReader) beside(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(filepath.Dir(r.file), path)
}

func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
