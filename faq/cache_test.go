package faq

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// untrained is a context that lets an FAQ of n entries be loaded, and no training.
func untrained(t testing.TB, n int) *endsAfter { return until(t, n+1) }

// keeping is a cache in a new folder whose warnings are noted.
func keeping(t testing.TB) (c Cache, warnings *[]string) {
	warnings = new([]string)
	return Cache{File: filepath.Join(t.TempDir(), "db.faq"), Warn: func(err error) { *warnings = append(*warnings, err.Error()) }}, warnings
}

// sameMatcher holds two matchers against each other, bit by bit.
func sameMatcher(t *testing.T, a, b *matcher) {
	t.Helper()
	switch r := a.ranker.(type) {
	case *dense:
		sameWeights(t, r.model, b.ranker.(*dense).model)
	case *sparse:
		sameMachines(t, r, b.ranker.(*sparse))
	}
	for i := 0; i < len(a.texts); i += 1 + len(a.texts)/50 {
		for _, q := range []string{a.texts[i], a.texts[i] + " please, and when?", "请问" + a.texts[len(a.texts)-1-i]} {
			if x, y := a.search(q).candidates, b.search(q).candidates; len(x) == 0 || !reflect.DeepEqual(x, y) {
				t.Fatalf("%q: %v and %v", q, x, y)
			}
		}
	}
}

func sameBits(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }

func sameWeights(t *testing.T, a, b *model) {
	t.Helper()
	if a.classes != b.classes || !slices.EqualFunc(a.weights, b.weights, sameBits) {
		t.Fatalf("the weights of %d and %d classes differ", a.classes, b.classes)
	}
}

func sameMachines(t *testing.T, a, b *sparse) {
	t.Helper()
	x, y := a.machines, b.machines
	if !slices.Equal(x.start, y.start) || !slices.Equal(x.bits, y.bits) || !slices.Equal(x.listed, y.listed) || !slices.EqualFunc(x.value, y.value, sameBits) {
		t.Fatal("the machines differ")
	}
}

// An FAQ that is loaded again is not trained again, and answers the same, to the last bit.
func TestCacheKeepsWeights(t *testing.T) {
	if testing.Short() && raceEnabled {
		t.Skip("training takes a minute under the race detector, and other tests race it")
	}
	for _, c := range []struct {
		name    string
		entries []*Entry
	}{
		{"dense", fewer(made(50), 9)},
		{"blended", made(42)},
		{"sparse", fewer(made(fullTopics+1), 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			cache, warnings := keeping(t)
			first, err := newIndex(t.Context(), c.entries, Options{Cache: cache})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := newIndex(untrained(t, len(c.entries)), c.entries, Options{}); !errors.Is(err, context.Canceled) {
				t.Fatalf("without a cache: %v, want a training that is stopped", err)
			}
			info, err := os.Stat(cache.File)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Fatal(info, err)
			}
			cache.ReadOnly = true
			again, err := newIndex(untrained(t, len(c.entries)), c.entries, Options{Cache: cache})
			if err != nil {
				t.Fatalf("with a cache: %v; it was trained again", err)
			}
			sameMatcher(t, first.matcher, again.matcher)
			if len(*warnings) > 0 {
				t.Error(*warnings)
			}
			if _, err := os.Stat(cache.File + ".new"); !errors.Is(err, fs.ErrNotExist) {
				t.Error("the new file is still there", err)
			}
		})
	}
}

// Another FAQ is trained and takes the file; to read it only changes nothing. What
// training does not see changes nothing either.
func TestCacheOfAnotherFAQ(t *testing.T) {
	cache, warnings := keeping(t)
	load := func(ctx context.Context, entries []*Entry, cache Cache) (*Index, error) {
		return newIndex(ctx, entries, Options{Cache: cache})
	}
	old := fewer(made(50), 9)
	if _, err := load(t.Context(), old, cache); err != nil {
		t.Fatal(err)
	}
	changed := fewer(made(50), 9)
	changed[7].Questions["en"][3] += " tomorrow"
	want, err := load(t.Context(), changed, Cache{})
	if err != nil {
		t.Fatal(err)
	}
	reader := cache
	reader.ReadOnly = true
	for _, c := range []Cache{reader, cache} {
		got, err := load(t.Context(), changed, c)
		if err != nil {
			t.Fatal(err)
		}
		sameMatcher(t, want.matcher, got.matcher)
		if c.ReadOnly {
			if _, err := load(untrained(t, 50), old, reader); err != nil {
				t.Error("who only reads took the file from the FAQ before:", err)
			}
		}
	}
	if _, err := load(untrained(t, 50), old, reader); !errors.Is(err, context.Canceled) {
		t.Errorf("the FAQ before is still kept: %v", err)
	}
	changed[3].Answers["en"] = "Something else." // entries of so many questions are not learnt from answers
	if _, err := load(untrained(t, 50), changed, reader); err != nil {
		t.Errorf("another answer: %v; it was trained again", err)
	}
	if len(*warnings) > 0 {
		t.Error(*warnings)
	}
}

// Each part of what a training takes changes the key.
func TestTrainingKey(t *testing.T) {
	seen := map[[sha256.Size]byte]string{}
	for _, c := range []struct {
		name   string
		change func(*training)
	}{
		{"nothing", func(*training) {}},
		{"kind", func(t *training) { t.kind = "other" }},
		{"questions", func(t *training) { t.questions-- }},
		{"features", func(t *training) { t.features++ }},
		{"classes", func(t *training) { t.classes++ }},
		{"perEach", func(t *training) { t.perEach += 1e-9 }},
		{"id", func(t *training) { t.points[3].id++ }},
		{"value", func(t *training) { t.points[3].value += 1e-6 }},
		{"start", func(t *training) { t.start[2]++ }},
		{"class", func(t *training) { t.class[1]++ }},
		{"weight", func(t *training) { t.weight[1] /= 2 }},
	} {
		x := &training{"dense", numeric(3, 2, 6), 6, 6, 3, 2}
		c.change(x)
		key := x.key()
		if other, ok := seen[key]; ok {
			t.Errorf("%s and %s have the same key", c.name, other)
		}
		seen[key] = c.name
	}
}

// numeric is examples without texts, in the order that a matcher has them in: each
// class has a feature of its own and shares others. The last of each is an answer.
func numeric(classes, each, features int) *examples {
	rnd := rand.New(rand.NewPCG(3, 4))
	all := make([][]int32, classes*each)
	for i := range all { // example i/classes of class i%classes
		all[i] = []int32{int32(i % classes % features)}
		for range 3 {
			if id := int32(rnd.IntN(features)); !slices.Contains(all[i], id) {
				all[i] = append(all[i], id)
			}
		}
	}
	e := &examples{vectors: vectors{start: []int32{0}}}
	take := func(c, k int, weight float32) {
		ids := all[k*classes+c]
		for _, id := range ids {
			e.points = append(e.points, point{id, float32(1 / math.Sqrt(float64(len(ids))))})
		}
		e.start = append(e.start, int32(len(e.points)))
		e.add(c, weight)
	}
	for c := range classes {
		for k := range each - 1 {
			take(c, k, 1)
		}
	}
	for c := range classes {
		take(c, each-1, answerWeight)
	}
	return e
}

// Weights in a file are those that training would make now. So when training changes,
// trainingVersion must: it is the hash of what training makes of a small sample, and
// of what that does not show.
func TestTrainingVersion(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("math.Exp may differ in the last bit: the version is that of amd64")
	}
	h := sha256.New()
	fmt.Fprintln(h, blendFrom, machineRounds, mostVisits)
	const classes, each, features = 60, 10, 200
	e := numeric(classes, each, features)
	write := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	write(floats.write(h, train(t.Context(), e, features, classes, 1).weights))
	write(floats.write(h, train(t.Context(), e, features, classes, blendFrom).weights))
	s := newSparse(t.Context(), e, classes*(each-1), features, classes, Cache{})
	from, machines := []int32{0}, []point(nil)
	for c := range int32(classes) {
		for f := range int32(features) {
			if v := s.machines.of(f, c); v != 0 {
				machines = append(machines, point{f, v})
			}
		}
		from = append(from, int32(len(machines)))
	}
	write(ints.write(h, from))
	write(points.write(h, machines))
	if got := fmt.Sprintf("%.6x", h.Sum(nil)); got != trainingVersion {
		t.Errorf("training has changed: write trainingVersion = %q, or weights that were kept before are used", got)
	}
}

// Whatever is wrong with the file, the result is right, the file is mended, and
// damage is told.
func TestCacheDamage(t *testing.T) {
	const classes, each, features = 3, 3, 6
	const questions = classes * (each - 1)
	e := numeric(classes, each, features)
	model := train(t.Context(), e, features, classes, blendFrom)
	machines := newSparse(t.Context(), e, questions, features, classes, Cache{})
	for _, c := range []struct {
		name string
		load func(*testing.T, Cache) // and compares with what is trained
	}{
		{"dense", func(t *testing.T, c Cache) {
			sameWeights(t, model, c.dense(t.Context(), e, features, classes, blendFrom))
		}},
		{"sparse", func(t *testing.T, c Cache) {
			sameMachines(t, machines, newSparse(t.Context(), e, questions, features, classes, c))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cache, warnings := keeping(t)
			c.load(t, cache)
			sound, err := os.ReadFile(cache.File)
			if err != nil || len(*warnings) > 0 {
				t.Fatal(err, *warnings)
			}
			try := func(what string, data []byte, told bool) {
				t.Helper()
				if err := os.WriteFile(cache.File, data, 0o600); err != nil {
					t.Fatal(err)
				}
				*warnings = nil
				c.load(t, cache)
				if mended, err := os.ReadFile(cache.File); err != nil || !bytes.Equal(mended, sound) {
					t.Fatalf("%s: the file was not mended: %v", what, err)
				}
				if told != (len(*warnings) == 1) {
					t.Fatalf("%s: told %q", what, *warnings)
				}
			}
			try("sound", sound, false)
			head := len(magic) + sha256.Size // of another program or FAQ, as it seems
			for i := range sound {
				for _, flip := range []byte{1, 0xff} {
					data := slices.Clone(sound)
					data[i] ^= flip
					try(fmt.Sprintf("byte %d by %x", i, flip), data, i >= head)
				}
			}
			for n := range sound {
				try(fmt.Sprintf("cut to %d", n), sound[:n], true)
			}
			for n := 1; n < 20; n++ {
				try(fmt.Sprintf("%d more", n), append(slices.Clone(sound), make([]byte, n)...), true)
			}
		})
	}
}

// A file that cannot be written or read is told, and the FAQ works.
func TestCacheUnusable(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "folder", "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"missing/db.faq": {"at the next start"},
		"folder":         {"trained anew", "at the next start"},
	} {
		var told []string
		c := Cache{File: filepath.Join(dir, name), Warn: func(err error) { told = append(told, err.Error()) }}
		for range 2 {
			told = nil
			e := numeric(3, 3, 6)
			sameWeights(t, train(t.Context(), e, 6, 3, 1), c.dense(t.Context(), e, 6, 3, 1))
			if len(told) != len(want) {
				t.Fatalf("%s: told %q", name, told)
			}
			for i, w := range want {
				if !strings.Contains(told[i], w) || !strings.Contains(told[i], c.File) {
					t.Errorf("%s: told %q", name, told[i])
				}
			}
		}
		c.Warn = nil
		c.dense(t.Context(), numeric(3, 3, 6), 6, 3, 1)
		if _, err := os.Stat(c.File + ".new"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s.new is left behind: %v", name, err)
		}
	}
}

// What trains faster than it is worth gets no file.
func TestSmallFAQsAreNotKept(t *testing.T) {
	o := sampleOptions()
	o.Cache, _ = keeping(t)
	if _, err := Load(t.Context(), []string{samplePath}, o); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(o.Cache.File); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the sample FAQ: %v", err)
	}
}

// What is half trained is not kept.
func TestCacheOfAStoppedTraining(t *testing.T) {
	for _, entries := range [][]*Entry{fewer(made(50), 9), fewer(made(fullTopics+1), 1)} {
		cache, warnings := keeping(t)
		if _, err := newIndex(until(t, len(entries)+100), entries, Options{Cache: cache}); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if _, err := os.Stat(cache.File); !errors.Is(err, fs.ErrNotExist) || len(*warnings) > 0 {
			t.Errorf("kept: %v %v", err, *warnings)
		}
	}
}
