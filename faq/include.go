package faq

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// source is a file as it was read.
type source struct {
	path     string
	data     []byte
	err      error
	stamp    stamp     // from just before it was read
	problems []Problem // of its includes
	named    bool      // by another file, which tells if it cannot be read
	intents  bool      // has examples of intents, no entries
}

// tooDeep is how far includes may lead: only through links does a chain get there
// without naming a file twice.
const tooDeep = 20

// gather reads the files and what they include, each once; what a file includes
// comes before it. A file that includes itself, or one that is not there, is a
// problem of the line that says so.
func gather(paths []string) []source {
	var out []source
	seen := map[string]bool{}
	var visit func(path string, chain []string) error
	visit = func(path string, chain []string) error {
		if seen[path] {
			return nil
		}
		seen[path] = true
		f := source{path: path, named: len(chain) > 0}
		f.stamp = stampOf(path)
		f.data, f.err = os.ReadFile(path)
		chain = append(slices.Clip(chain), path)
		for _, in := range includes(f) {
			next := in.path
			problem := Problem{File: path, Line: in.line, Column: in.column}
			if at := slices.Index(chain, next); at >= 0 {
				problem.Message = fmt.Sprintf("includes itself: %s", strings.Join(append(slices.Clone(chain[at:]), next), " → "))
				problem.Remedy = "remove one of these includes"
			} else if len(chain) == tooDeep {
				problem.Message, problem.Remedy = "includes lead too deep", "name the files under `faq:` in the configuration"
			} else if err := visit(next, chain); err != nil {
				problem.Message = fmt.Sprintf("includes %s, which cannot be read: %v", in.name, err)
				problem.Remedy = "check the name, which begins in the folder of this file"
			} else {
				continue
			}
			f.problems = append(f.problems, problem)
		}
		out = append(out, f)
		if errors.Is(f.err, fs.ErrNotExist) {
			return errors.New("there is no such file")
		}
		return f.err
	}
	for _, p := range paths {
		_ = visit(filepath.Clean(p), nil) // a file of the configuration tells for itself
	}
	return out
}

// Files gives the files of an FAQ as Load reads them: those that are named, and those
// that they include, each once.
func Files(paths []string) []string {
	var out []string
	for _, f := range gather(paths) {
		out = append(out, f.path)
	}
	return out
}

// include is one item of `include`.
type include struct {
	name, path   string
	line, column int
}

// mayInclude spares files without includes from being parsed twice.
var mayInclude = regexp.MustCompile(`\binclude["']?\s*:`)

// includes finds what a file includes. What is not written as it should be is left
// to the reader, which says so.
func includes(f source) []include {
	if f.err != nil || !mayInclude.Match(f.data) {
		return nil
	}
	r := reader{file: f.path}
	file := r.parse(f.data)
	if file == nil || len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil
	}
	var out []include
	for _, kv := range r.mapping(file.Docs[0].Body, "the file") {
		if keyText(kv) != "include" {
			continue
		}
		for _, n := range r.list(kv.Value, "include") {
			name, ok := r.text(n, "include")
			if !ok || name == "" {
				continue
			}
			path := name
			if !filepath.IsAbs(path) {
				path = filepath.Join(filepath.Dir(f.path), name)
			}
			in := include{name: name, path: filepath.Clean(path)}
			in.line, in.column = position(n)
			out = append(out, in)
		}
	}
	return out
}

func position(n ast.Node) (line, column int) {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line, t.Position.Column
	}
	return 1, 1
}
