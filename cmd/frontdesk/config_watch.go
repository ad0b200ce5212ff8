package main

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"
)

// operators reads who is told when something is wrong.
func (r *configReader) operators(v *configValue) []string {
	v.notEmpty("operators: [ops@acme.example]")
	var all []string
	for _, item := range v.list() {
		address := item.mail()
		if address != "" && slices.Contains(all, address) {
			item.problem(address+" is in the list twice", "remove one of the two")
			continue
		}
		r.address(item, address, ofOperator)
		if address != "" {
			all = append(all, address)
		}
	}
	return all
}

// alarm reads when something is wrong.
func (r *configReader) alarm(v *configValue) AlarmConfig {
	b := v.block()
	silence, outbox := b.take("silence"), b.take("outbox")
	b.end()
	c := AlarmConfig{Silence: cmp.Or(silence.clockTime(), 15*time.Minute), Outbox: cmp.Or(outbox.clockTime(), time.Hour)}
	if c.Silence < 2*time.Minute {
		silence.problem(fmt.Sprintf("%s would be an alarm while all is well: a look is due every minute", silence.text()), "write 2m or more")
	}
	return c
}

// clockTime returns a time that passes by day and night; 0 if it is none.
func (v *configValue) clockTime() time.Duration {
	s := v.text()
	if s == "" {
		return 0
	}
	d, err := time.ParseDuration(s)
	switch _, noUnit := strconv.Atoi(s); {
	case noUnit == nil:
		v.problem(fmt.Sprintf("%s has no unit", s), fmt.Sprintf("write %sm for minutes or %sh for hours", s, s))
	case err != nil:
		v.problem(fmt.Sprintf("%q is no duration", s), "write it like 15m, 1h or 1h30m; a day is 24h")
	case d < time.Minute || d > 7*24*time.Hour:
		v.problem(fmt.Sprintf("%s is too short or too long", s), "write one from 1m to 168h")
	default:
		return d
	}
	return 0
}

// http reads where the server for monitoring listens.
func (r *configReader) http(v *configValue) HTTPConfig {
	if v == nil {
		return HTTPConfig{}
	}
	b := v.block()
	c := HTTPConfig{Listen: b.need("listen", "listen: 127.0.0.1:8080").listen()}
	b.end()
	return c
}

// listen returns an address and a port to listen on; "" if it is none.
func (v *configValue) listen() string {
	s := v.text()
	if s == "" {
		return ""
	}
	const like = "write it like 127.0.0.1:8080"
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		v.problem(fmt.Sprintf("%q is no address and port", s), like)
		return ""
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		v.problem(fmt.Sprintf("%q has no port from 1 to 65535", s), like)
		return ""
	}
	if net.ParseIP(host) == nil && host != "localhost" {
		v.problem(fmt.Sprintf("%q does not begin with an IP address of this machine", s), like+", or 0.0.0.0:"+port+" for all networks")
		return ""
	}
	return s
}
