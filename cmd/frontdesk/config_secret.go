package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Secret says where a password is. Passwords are never in the configuration
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
	at Problem // still without words
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
			message, remedy = "the password is empty", "write the password there"
		case strings.ContainsFunc(value, unicode.IsControl):
			message, remedy = "the password has a line end or another control character in it", "leave only the password there"
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

// password reads `password_env` or `password_file`, and refuses `password`.
// The messages do not repeat what is written there: it may be the password.
func (b *configBlock) password(required bool, snippet string) Secret {
	env, file := b.take("password_env"), b.take("password_file")
	if b == nil {
		return Secret{}
	}
	literal := b.values["password"]
	var s Secret
	from := env
	switch {
	case literal != nil:
		b.keys = slices.DeleteFunc(b.keys, func(k string) bool { return k == "password" })
		literal.problem("a password does not belong in this file, which gets into backups and version control",
			"write `"+snippet+"` and set that variable, or `password_file:` with the name of a file")
		return Secret{}
	case env != nil && file != nil:
		file.problem("the password is already in password_env", "remove one of the two")
		return Secret{}
	case env != nil:
		s.Env = env.text()
		if s.Env != "" && !envName.MatchString(s.Env) {
			env.problem("this is no name of an environment variable", "write a name like IMAP_PASSWORD, and the password into that variable")
			return Secret{}
		}
	case file != nil:
		s.File, from = file.file(), file
	case required:
		b.missing("password_env", snippet)
	}
	if s != (Secret{}) {
		at := from.place()
		b.r.secrets = append(b.r.secrets, placedSecret{s, Problem{File: b.r.file, Line: at.line, Column: at.column, Key: from.path}})
	}
	return s
}
