package compare

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/keyword"
	"github.com/blevesearch/bleve/v2/analysis/lang/cjk"
	"github.com/blevesearch/bleve/v2/analysis/lang/en"
	"github.com/blevesearch/bleve/v2/index/scorch"
	index "github.com/blevesearch/bleve_index_api"
	_ "github.com/mattn/go-sqlite3"

	"frontdesk/faq"
)

// An engine has learnt example questions.
type engine interface {
	// best is the entry that answers a question, "" if it finds none.
	best(question string) (string, error)
	// outside is the memory it holds outside the heap of Go, in bytes.
	outside() (int64, error)
	close() error
}

// errNoFTS5 says that the driver was built without it.
var errNoFTS5 = errors.New("this SQLite has no FTS5: run with -tags sqlite_fts5")

var engines = []struct {
	name string
	load func([]faq.Labelled) (engine, error)
}{
	{"frontdesk", newFrontdesk},
	{"bleve", newBleve},
	{"fts5", newFTS5},
}

type frontdesk struct{ x *faq.Index }

func newFrontdesk(examples []faq.Labelled) (engine, error) {
	x, err := faq.FromLabelled(context.Background(), examples, faq.Options{})
	return frontdesk{x}, err
}

func (f frontdesk) best(question string) (string, error) {
	entry, score := "", 0.
	for _, q := range f.x.Read(question).Questions {
		if len(q.Matches) > 0 && q.Matches[0].Score > score {
			entry, score = q.Matches[0].Entry.ID, q.Matches[0].Score
		}
	}
	return entry, nil
}

func (frontdesk) outside() (int64, error) { return 0, nil }
func (frontdesk) close() error            { return nil }

// chinese tells which index a text belongs to: 1 or 0.
func chinese(text string) int {
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		return 1
	}
	return 0
}

type bleveEngine [2]bleve.Index

func newBleve(examples []faq.Labelled) (engine, error) {
	var b bleveEngine
	for i, analyzer := range []string{en.AnalyzerName, cjk.AnalyzerName} {
		text := bleve.NewTextFieldMapping()
		text.Analyzer = analyzer
		text.Store, text.IncludeTermVectors, text.IncludeInAll, text.DocValues = false, false, false, false
		entry := bleve.NewKeywordFieldMapping()
		entry.Analyzer = keyword.Name
		entry.Index, entry.IncludeTermVectors, entry.IncludeInAll, entry.DocValues = false, false, false, false
		document := bleve.NewDocumentStaticMapping()
		document.AddFieldMappingsAt("text", text)
		document.AddFieldMappingsAt("entry", entry)
		mapping := bleve.NewIndexMapping()
		mapping.DefaultMapping = document
		mapping.ScoringModel = index.BM25Scoring
		var err error
		if b[i], err = bleve.NewUsing("", mapping, scorch.Name, scorch.Name, nil); err != nil {
			return nil, err
		}
		batch := b[i].NewBatch()
		for n, l := range examples {
			if chinese(l.Text) != i {
				continue
			}
			if err := batch.Index(strconv.Itoa(n), map[string]any{"text": l.Text, "entry": l.Label}); err != nil {
				return nil, err
			}
		}
		if err := b[i].Batch(batch); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (b bleveEngine) best(question string) (string, error) {
	q := bleve.NewMatchQuery(question) // its terms by OR
	q.SetField("text")
	request := bleve.NewSearchRequestOptions(q, 1, 0, false)
	request.Fields = []string{"entry"}
	result, err := b[chinese(question)].Search(request)
	if err != nil || len(result.Hits) == 0 {
		return "", err
	}
	return result.Hits[0].Fields["entry"].(string), nil
}

func (bleveEngine) outside() (int64, error) { return 0, nil }

func (b bleveEngine) close() error { return errors.Join(b[0].Close(), b[1].Close()) }

type fts5 struct {
	db     *sql.DB
	search [2]*sql.Stmt
	says   stopWords
}

// stopWords are bleve's, so that both leave out the same.
type stopWords analysis.TokenMap

func (s stopWords) nothing(word string) bool { return s[strings.ToLower(word)] }

func newFTS5(examples []faq.Labelled) (engine, error) {
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // each connection would have a database of its own
	stop := analysis.NewTokenMap()
	if err := stop.LoadBytes(en.EnglishStopWords); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	f := &fts5{db: db, says: stopWords(stop)}
	if err := f.fill(examples); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return f, nil
}

func (f *fts5) fill(examples []faq.Labelled) error {
	var has bool
	if err := f.db.QueryRow(`SELECT sqlite_compileoption_used('ENABLE_FTS5')`).Scan(&has); err != nil {
		return err
	}
	if !has {
		return errNoFTS5
	}
	if _, err := f.db.Exec(`
		CREATE VIRTUAL TABLE t0 USING fts5(text, entry UNINDEXED, tokenize='porter unicode61');
		CREATE VIRTUAL TABLE t1 USING fts5(text, entry UNINDEXED, tokenize='unicode61')`); err != nil {
		return err
	}
	tx, err := f.db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for i, table := range []string{"t0", "t1"} {
		insert, err := tx.Prepare("INSERT INTO " + table + " VALUES (?, ?)")
		if err != nil {
			return err
		}
		for _, l := range examples {
			if chinese(l.Text) != i {
				continue
			}
			if _, err := insert.Exec(strings.Join(terms(l.Text), " "), l.Label); err != nil {
				return err
			}
		}
		if _, err := tx.Exec("INSERT INTO " + table + "(" + table + ") VALUES ('optimize')"); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	for i, table := range []string{"t0", "t1"} {
		if f.search[i], err = f.db.Prepare("SELECT entry FROM " + table + " WHERE " + table + " MATCH ? ORDER BY rank LIMIT 1"); err != nil {
			return err
		}
	}
	return nil
}

func (f *fts5) best(question string) (string, error) {
	t := terms(question)
	if telling := slices.DeleteFunc(slices.Clone(t), f.says.nothing); len(telling) > 0 {
		t = telling
	}
	if len(t) == 0 {
		return "", nil
	}
	entry := ""
	err := f.search[chinese(question)].QueryRow(`"` + strings.Join(t, `" OR "`) + `"`).Scan(&entry)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return entry, err
}

func (f *fts5) outside() (int64, error) {
	var bytes int64
	err := f.db.QueryRow(`SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`).Scan(&bytes)
	return bytes, err
}

func (f *fts5) close() error { return f.db.Close() }

// terms cuts a text into words of letters and digits, and Chinese into pairs of
// characters; one that stands alone stays. None has a sign of FTS5's language.
func terms(text string) []string {
	var out []string
	var word, han []rune
	end := func() {
		if len(word) > 0 {
			out = append(out, string(word))
		}
		if len(han) == 1 {
			out = append(out, string(han))
		}
		for i := 1; i < len(han); i++ {
			out = append(out, string(han[i-1:i+1]))
		}
		word, han = word[:0], han[:0]
	}
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Han, r):
			if len(word) > 0 {
				end()
			}
			han = append(han, r)
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r):
			if len(han) > 0 {
				end()
			}
			word = append(word, r)
		default:
			end()
		}
	}
	end()
	return out
}
