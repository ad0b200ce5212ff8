package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Secret says where a password or a token is. They are never in the configuration
// file, where they would get into backups, version control and the hands of
// everybody who edits it. One of:
//
//   - `password_env: IMAP_PASSWORD`: in that environment variable. With systemd,
//     put the line IMAP_PASSWORD=… into a file that only root can read, and name
//     it with EnvironmentFile= in the unit.
//   - `password_file: imap.password`: in that file, without its last line end.
//     Make it readable for the bot's user only (chmod 600).
//
// The zero value is no secret. Secrets are equal if they are in the same place.
type Secret struct{ Env, File string }

// Secrets are the passwords themselves. They are not printed by fmt or slog.
type Secrets struct{ values map[Secret]string }

// Of returns a secret of the configuration; "" for the zero value.
func (s Secrets) Of(x Secret) string { return s.values[x] }

func (Secrets) String() string   { return "(secrets)" }
func (Secrets) GoString() string { return "(secrets)" }

// placedSecret is a secret and where the configuration names it.
type placedSecret struct {
	Secret
	what string  // as operators call it
	at   Problem // still without words
}

// Secrets reads all secrets that the configuration names. Commands that log in
// nowhere do not call it, and so run without them. What is missing comes back
// as a [*ConfigError], all at once; no value is ever part of it.
func (c *Config) Secrets() (Secrets, error) {
	s := Secrets{map[Secret]string{}}
	var problems []Problem
	for _, x := range c.secrets {
		value, message, remedy := c.secret(x.Secret)
		switch {
		case message != "":
		case value == "":
			message, remedy = fmt.Sprintf("the %s is empty", x.what), fmt.Sprintf("write the %s there", x.what)
		case strings.ContainsFunc(value, unicode.IsControl):
			message, remedy = fmt.Sprintf("the %s has a line end or another control character in it", x.what), fmt.Sprintf("leave only the %s there", x.what)
		}
		if message != "" {
			p := x.at
			p.Message, p.Remedy = message, remedy
			problems = append(problems, p)
			continue
		}
		s.values[x.Secret] = value
	}
	if problems != nil {
		return Secrets{}, &ConfigError{problems}
	}
	return s, nil
}

// secret reads one, or says what is wrong.
func (c *Config) secret(x Secret) (value, message, remedy string) {
	if x.Env != "" {
		value, ok := c.readEnv(x.Env)
		if !ok {
			return "", fmt.Sprintf("the environment variable %s is not set", x.Env), "set it where this program is started"
		}
		return value, "", ""
	}
	data, err := c.readFile(x.File)
	if err != nil {
		return "", fmt.Sprintf("the file cannot be read: %v", err), "create it, readable for this program's user"
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r"), "", ""
}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// secretKind is a secret that the configuration may name.
type secretKind struct {
	key  string // without _env and _file
	what string // as operators call it
	env  string // an environment variable to propose
}

var password = secretKind{"password", "password", "IMAP_PASSWORD"}

var hexSecret = regexp.MustCompile(`^[0-9a-f]{32}$`)

// isSlackToken reports whether s is a token itself, where its place was asked for.
func isSlackToken(s string) bool {
	for _, prefix := range []string{"xoxb-", "xoxp-", "xoxe-", "xoxe.", "xoxa-", "xoxs-", "xapp-"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

func (k secretKind) snippet() string { return k.key + "_env: " + k.env }

// secret reads KEY_env or KEY_file, and refuses KEY. The messages do not repeat what
// is written there: it may be the secret.
func (b *configBlock) secret(kind secretKind, required bool) Secret {
	env, file := b.take(kind.key+"_env"), b.take(kind.key+"_file")
	if b == nil {
		return Secret{}
	}
	literal := b.values[kind.key]
	var s Secret
	from := env
	switch {
	case literal != nil:
		b.keys = slices.DeleteFunc(b.keys, func(k string) bool { return k == kind.key })
		literal.notHere(kind)
		return Secret{}
	case env != nil && file != nil:
		file.problem(fmt.Sprintf("the %s is already in %s_env", kind.what, kind.key), "remove one of the two")
		return Secret{}
	case env != nil:
		s.Env = env.text()
		switch {
		case isSlackToken(s.Env), hexSecret.MatchString(s.Env):
			env.notHere(kind)
			return Secret{}
		case s.Env != "" && !envName.MatchString(s.Env):
			env.problem("this is no name of an environment variable", fmt.Sprintf("write a name like %s, and the %s into that variable", kind.env, kind.what))
			return Secret{}
		}
	case file != nil:
		if s := file.text(); isSlackToken(s) || hexSecret.MatchString(s) {
			file.notHere(kind)
			return Secret{}
		}
		s.File, from = file.file(), file
	case required:
		b.missing(kind.key+"_env", kind.snippet())
	}
	if s != (Secret{}) {
		at := from.place()
		b.r.secrets = append(b.r.secrets, placedSecret{s, kind.what, Problem{File: b.r.file, Line: at.line, Column: at.column, Key: from.path}})
	}
	return s
}

// notHere refuses a secret in the file itself.
func (v *configValue) notHere(kind secretKind) {
	v.problem(fmt.Sprintf("a %s does not belong in this file, which gets into backups and version control", kind.what),
		fmt.Sprintf("write `%s` and set that variable, or `%s_file:` with the name of a file", kind.snippet(), kind.key))
}
