// Command traditional writes faq/words/traditional.txt, the table that folds
// traditional Chinese characters into simplified ones. It is made from the
// dictionary of OpenCC as Debian packages it, read with OpenCC's own tool:
//
//	apt-get install opencc && go generate -run traditional ./faq
//
// Characters outside of the Basic Multilingual Plane are left out: a quarter
// of the dictionary, and nobody writes them to a help desk. Where OpenCC knows
// several simplified forms, the first and commonest is taken; where customers
// write another one, words/variants_zh.txt says so.
package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

const header = `# Traditional characters, each followed by its simplified form. Made by
# faq/internal/traditional from TSCharacters of OpenCC (Debian: libopencc-data,
# libopencc1.1), https://github.com/BYVoid/OpenCC, Copyright 2010-2022 BYVoid,
# Apache License 2.0, a copy of which is licences/Apache-2.0.txt. Changed: one form
# each, characters of the Basic Multilingual Plane only. Do not edit.
# inputs sha256 %x
`

const dictionary = "/usr/share/opencc/TSCharacters.ocd2"

func main() {
	log.SetFlags(0)
	from := flag.String("from", dictionary, "dictionary of OpenCC")
	to := flag.String("to", "words/traditional.txt", "file to write")
	flag.Parse()
	table, err := tableOf(*from)
	if err == nil {
		err = os.WriteFile(*to, table, 0o644)
	}
	if err != nil {
		log.Fatal("traditional: ", err)
	}
}

// tableOf makes the file of a dictionary.
func tableOf(from string) (table []byte, err error) {
	source, err := os.ReadFile(from)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "traditional")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	plain := filepath.Join(dir, "plain.txt")
	tool := exec.Command("opencc_dict", "-i", from, "-o", plain, "-f", "ocd2", "-t", "text")
	if out, err := tool.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("opencc_dict (of Debian's package opencc): %w: %s", err, out)
	}
	data, err := os.ReadFile(plain)
	if err != nil {
		return nil, err
	}
	pairs, err := pairsOf(string(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, header, sha256.Sum256(source))
	for line := range slices.Chunk(pairs, 40) {
		fmt.Fprintln(&b, strings.Join(line, " "))
	}
	return b.Bytes(), nil
}

// pairsOf reads "traditional<TAB>simplified other…" lines and gives the pairs
// in the order of their characters.
func pairsOf(dictionary string) ([]string, error) {
	var pairs []string
	for line := range strings.Lines(dictionary) {
		traditional, forms, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			return nil, fmt.Errorf("%q is not a line of two columns", line)
		}
		simplified, _, _ := strings.Cut(forms, " ")
		t, n := utf8.DecodeRuneInString(traditional)
		s, m := utf8.DecodeRuneInString(simplified)
		if n != len(traditional) || m != len(simplified) {
			return nil, fmt.Errorf("%q is not a pair of characters", line)
		}
		if t != s && t < 1<<16 && s < 1<<16 {
			pairs = append(pairs, traditional+simplified)
		}
	}
	if len(pairs) < 2000 {
		return nil, fmt.Errorf("only %d pairs", len(pairs))
	}
	slices.Sort(pairs)
	return pairs, nil
}
