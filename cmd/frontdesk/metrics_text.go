package main

import (
	"bufio"
	"io"
	"math"
	"strconv"
	"strings"
)

// textFormat is the media type of what writeText writes.
const textFormat = "text/plain; version=0.0.4; charset=utf-8"

// writeText writes metrics in Prometheus's text format, version 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/).
func writeText(w io.Writer, all []family) error {
	b := bufio.NewWriter(w)
	for _, f := range all {
		b.WriteString("# HELP " + f.name + " " + strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(f.help) + "\n")
		b.WriteString("# TYPE " + f.name + " " + f.kind + "\n")
		for _, s := range f.samples {
			if f.kind != "histogram" {
				writeLine(b, f.name, f.labels, s.labels, s.value)
				continue
			}
			names, under := append(f.labels[:len(f.labels):len(f.labels)], "le"), uint64(0)
			for i, bound := range f.bounds {
				under += s.under[i]
				writeLine(b, f.name+"_bucket", names, append(s.labels[:len(s.labels):len(s.labels)], number64(bound)), float64(under))
			}
			writeLine(b, f.name+"_bucket", names, append(s.labels[:len(s.labels):len(s.labels)], "+Inf"), float64(s.count))
			writeLine(b, f.name+"_sum", f.labels, s.labels, s.sum)
			writeLine(b, f.name+"_count", f.labels, s.labels, float64(s.count))
		}
	}
	return b.Flush()
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

func writeLine(b *bufio.Writer, name string, names, values []string, v float64) {
	b.WriteString(name)
	for i, n := range names {
		b.WriteString(map[bool]string{true: "{", false: ","}[i == 0] + n + `="` + labelEscapes.Replace(strings.ToValidUTF8(values[i], "\uFFFD")) + `"`)
	}
	if len(names) > 0 {
		b.WriteByte('}')
	}
	b.WriteString(" " + number64(v) + "\n")
}

func number64(v float64) string {
	if math.IsInf(v, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
