// Command realwords writes faq/words/real_en.txt and faq/words/real_zh.txt, the
// words that are no slips, whatever an FAQ has. They are made from files of Debian's
// packages:
//
//	apt-get install wamerican wamerican-small wbritish-small python3-jieba
//	go generate -run realwords ./faq
//
// The English file holds stems, sorted, as faq looks them up: a change of
// english.Stem needs the file made anew. The words are those of American and British
// English in SCOWL's small size, and what is written with a capital in its usual one:
// names of people and places. Rarer words are left out, since most of them are
// slips when customers write them. The Chinese file holds the words of two
// characters that jieba's dictionary counts often enough, sorted.
//
// What neither has is in words/real_own_en.txt, which is written by hand.
package main

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"frontdesk/faq/internal/english"
)

// The notices that the licences ask for begin the files.
var (
	//go:embed notice_en.txt
	noticeEnglish string
	//go:embed notice_zh.txt
	noticeChinese string
)

const (
	leastLetters = 3   // of an English word: faq takes no shorter one for a slip
	leastCount   = 100 // of a Chinese word in jieba's corpus

	lineEnglish = 120 // bytes
	lineChinese = 279 // … of 40 words
)

// The files that the words come from, by default where Debian's packages put them.
type sources struct{ dict, jieba string }

func (s sources) english() []string {
	return []string{
		filepath.Join(s.dict, "american-english-small"),
		filepath.Join(s.dict, "british-english-small"),
		filepath.Join(s.dict, "american-english"),
	}
}

func main() {
	log.SetFlags(0)
	var s sources
	flag.StringVar(&s.dict, "dict", "/usr/share/dict", "folder of SCOWL's lists")
	flag.StringVar(&s.jieba, "jieba", "/usr/lib/python3/dist-packages/jieba/dict.txt", "dictionary of jieba")
	to := flag.String("to", "words", "folder to write to")
	flag.Parse()
	en, errEn := s.makeEnglish()
	zh, errZh := s.makeChinese()
	if err := errors.Join(errEn, errZh); err != nil {
		log.Fatal("realwords: ", err)
	}
	err := errors.Join(
		os.WriteFile(filepath.Join(*to, "real_en.txt"), en, 0o644),
		os.WriteFile(filepath.Join(*to, "real_zh.txt"), zh, 0o644))
	if err != nil {
		log.Fatal("realwords: ", err)
	}
}

func (s sources) makeEnglish() ([]byte, error) {
	texts, sum, err := read(s.english())
	if err != nil {
		return nil, err
	}
	stems := stemsOf(texts[0], texts[1], texts[2])
	if len(stems) < 20000 {
		return nil, fmt.Errorf("%s: only %d stems", s.dict, len(stems))
	}
	return file(noticeEnglish, sum, stems, lineEnglish), nil
}

func (s sources) makeChinese() ([]byte, error) {
	texts, sum, err := read([]string{s.jieba})
	if err != nil {
		return nil, err
	}
	pairs, err := pairsOf(texts[0])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.jieba, err)
	}
	if len(pairs) < 20000 {
		return nil, fmt.Errorf("%s: only %d words", s.jieba, len(pairs))
	}
	return file(noticeChinese, sum, pairs, lineChinese), nil
}

// read gives the texts of files and the hash of all.
func read(files []string) (texts []string, sum string, err error) {
	hash := sha256.New()
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, "", err
		}
		one := sha256.Sum256(data)
		hash.Write(one[:])
		texts = append(texts, string(data))
	}
	return texts, fmt.Sprintf("%x", hash.Sum(nil)), nil
}

// stemsOf gives the stems of the words of two small lists, and of those words of a
// large one that are written with a capital. All lists have a word on each line.
func stemsOf(american, british, large string) []string {
	var stems []string
	add := func(list string, all bool) {
		for word := range strings.FieldsSeq(list) {
			lower := strings.ToLower(word)
			if (all || lower != word) && len(lower) >= leastLetters && latin(lower) {
				stems = append(stems, english.Stem(lower))
			}
		}
	}
	add(american, true)
	add(british, true)
	add(large, false)
	slices.Sort(stems)
	return slices.Compact(stems)
}

func latin(word string) bool {
	return !strings.ContainsFunc(word, func(r rune) bool { return r < 'a' || r > 'z' })
}

// pairsOf gives the words of two characters of jieba's dictionary, which has lines
// "word count kind".
func pairsOf(dictionary string) ([]string, error) {
	var pairs []string
	for line := range strings.Lines(dictionary) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			return nil, fmt.Errorf("%q has no count", line)
		}
		count, err := strconv.Atoi(fields[1])
		if err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		if count >= leastCount && utf8.RuneCountInString(fields[0]) == 2 {
			pairs = append(pairs, fields[0])
		}
	}
	slices.Sort(pairs)
	return slices.Compact(pairs), nil
}

// inputs begins the line that tells the hash of what a file was made from.
const inputs = "# inputs sha256 "

func file(notice, sum string, words []string, line int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%s%s\n", notice, inputs, sum)
	column := 0
	for _, word := range words {
		switch {
		case column == 0:
		case column+1+len(word) > line:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	b.WriteByte('\n')
	return b.Bytes()
}
