package main

import (
	"fmt"
	"testing"
	"time"
)

func TestConfigWatch(t *testing.T) {
	c := parseConfig(t, fmt.Sprintf(smallConfig, ""))
	same(t, "operators", c.Operators, nil)
	same(t, "alarm", c.Alarm, AlarmConfig{Silence: 15 * time.Minute, Outbox: time.Hour})
	same(t, "http", c.HTTP, HTTPConfig{})

	c = parseConfig(t, fmt.Sprintf(smallConfig, "")+`
operators: [Ops@acme.example, ana@acme.example]
alarm: {silence: 5m}
http: {listen: "[::1]:9090"}
`)
	same(t, "operators", c.Operators, []string{"ops@acme.example", "ana@acme.example"})
	same(t, "alarm", c.Alarm, AlarmConfig{Silence: 5 * time.Minute, Outbox: time.Hour})
	same(t, "http", c.HTTP, HTTPConfig{Listen: "[::1]:9090"})
	for _, listen := range []string{"127.0.0.1:8080", "0.0.0.0:1", "localhost:65535"} {
		c = parseConfig(t, fmt.Sprintf(smallConfig, "")+"\nhttp: {listen: \""+listen+"\"}\n")
		same(t, "listen", c.HTTP.Listen, listen)
	}
}
