package main

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// The table is what the command makes of Debian's dictionary. Where that is not
// installed, or is of another release, nobody can tell.
func TestTableIsCurrent(t *testing.T) {
	if _, err := exec.LookPath("opencc_dict"); err != nil {
		t.Skipf("%v: install Debian's opencc", err)
	}
	want, err := tableOf(dictionary)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../words/traditional.txt")
	if err != nil {
		t.Fatal(err)
	}
	if inputs(got) != inputs(want) {
		t.Skip("words/traditional.txt was made from another release of Debian's libopencc1.1")
	}
	if !bytes.Equal(got, want) {
		t.Error("words/traditional.txt is not what the command makes of the same dictionary: run `go generate -run traditional ./faq`")
	}
}

// inputs is the line with the hash of the dictionary.
func inputs(file []byte) string {
	for line := range bytes.Lines(file) {
		if bytes.HasPrefix(line, []byte("# inputs ")) {
			return string(line)
		}
	}
	return ""
}

// The licence asks that a copy of it goes with the table.
func TestLicenceGoesWithTheTable(t *testing.T) {
	table, err := os.ReadFile("../../words/traditional.txt")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`licences/\S+\.txt`).Find(table)
	licence, err := os.ReadFile("../../words/" + string(name))
	if err != nil {
		t.Fatalf("the table names %q: %v", name, err)
	}
	if !bytes.Contains(licence, []byte("4. Redistribution.")) {
		t.Errorf("%s is not the licence", name)
	}
}
