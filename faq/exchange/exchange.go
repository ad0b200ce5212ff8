// Package exchange moves FAQ entries in and out: it reads CSV tables, Markdown and
// HTML pages, and writes these and YAML.
//
// [Read] takes what others wrote, so it is lenient: encodings are recognised,
// several shapes of page are understood, and what is not is told with its line, never
// guessed and never an error. [Write] is strict, and what it writes is read again, YAML
// by package faq and the others by Read: YAML and CSV hold everything of an entry;
// Markdown and HTML hold it too, in comments and attributes that a page does not show,
// but HTML keeps of an answer what a page shows and not how its Markdown was spelt.
package exchange

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"frontdesk/faq"
)

// Formats that Write writes; Read takes all but the first.
const (
	YAML     = "yaml"
	CSV      = "csv"
	Markdown = "md"
	HTML     = "html"
)

// FormatOf tells a format by a file's name; "" if it does not tell.
func FormatOf(name string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml":
		return YAML
	case ".csv", ".tsv":
		return CSV
	case ".md", ".markdown":
		return Markdown
	case ".html", ".htm", ".xhtml":
		return HTML
	}
	return ""
}

// Options say how files are read and written.
type Options struct {
	// Languages that the company serves, the first is the default; none means zh
	// and en.
	Languages []string
	// Lang, if set, is the language of everything that does not say otherwise.
	// Without it each text's own letters tell.
	Lang string
	// Location is the zone of dates; nil means UTC.
	Location *time.Location
	// Vars are the variables that answers may mention.
	Vars []string
	// Filled writes answers with their variables filled in, for readers; they cannot
	// be read back as they were.
	Filled bool
}

func (o Options) languages() []string {
	if len(o.Languages) == 0 {
		return []string{"zh", "en"}
	}
	return o.Languages
}

func (o Options) location() *time.Location {
	if o.Location == nil {
		return time.UTC
	}
	return o.Location
}

// A Note tells what was not understood, or how something was taken.
type Note struct {
	Line    int    `json:"line,omitempty"` // from 1; 0: all of the file
	Message string `json:"message"`
}

func (n Note) String() string {
	if n.Line == 0 {
		return n.Message
	}
	return fmt.Sprintf("line %d: %s", n.Line, n.Message)
}

// Read reads entries. Their answers are in Written. An error means that there is
// nothing to read in the format at all.
func Read(format string, data []byte, o Options) ([]*faq.Entry, []Note, error) {
	c := &collector{o: o}
	text, how := decode(data, format == HTML)
	if how != "" {
		c.note(0, "read as %s", how)
	}
	switch format {
	case CSV:
		c.csv(text)
	case Markdown:
		c.markdown(text)
	case HTML:
		if err := c.html(text); err != nil {
			return nil, nil, err
		}
	default:
		return nil, nil, fmt.Errorf("%q cannot be read: there are csv, md and html", format)
	}
	entries := c.entries()
	if len(entries) == 0 {
		return nil, c.notes, fmt.Errorf("no question with an answer was found")
	}
	return entries, c.notes, nil
}

// Write writes entries.
func Write(w io.Writer, format string, entries []*faq.Entry, o Options) error {
	switch format {
	case YAML:
		return writeYAML(w, entries, o)
	case CSV:
		return writeCSV(w, entries, o)
	case Markdown:
		return writeMarkdown(w, entries, o)
	case HTML:
		return writeHTML(w, entries, o)
	}
	return fmt.Errorf("%q cannot be written: there are yaml, csv, md and html", format)
}
