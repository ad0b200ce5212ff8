package faq

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/record.txt anew")

// A trial is one line of the record: an FAQ, what it is asked, and what it has
// to reach at least; 0 where nothing is asked.
type trial struct {
	name        string
	set         string   // whose calibration must not have seen it
	train, test []string // pairs of files
	inScope     bool     // leave out what has no answer
	top1, auroc float64
	rAtP95      float64
	kept        float64 // where so large a share of what has an answer is still answered rightly,
	oosRecall   float64 // so large a share of what has none is refused
}

// refused is the largest share of questions without an answer that a score
// refuses which leaves so large a share of the others answered rightly.
func refused(results []result, kept float64) float64 {
	var right, foreign []float64
	in := 0
	for _, r := range results {
		switch {
		case !r.in:
			foreign = append(foreign, r.score)
		case r.right():
			right = append(right, r.score)
			fallthrough
		default:
			in++
		}
	}
	slices.Sort(right)
	spare := len(right) - int(math.Ceil(kept*float64(in)))
	if spare < 0 {
		return 0
	}
	n := 0
	for _, s := range foreign {
		if s < right[spare] {
			n++
		}
	}
	return float64(n) / float64(len(foreign))
}

// trials are the table of the issue that these figures come from: mean of seeds.
func trials() []trial {
	var out []trial
	shots := func(set string, each int, floor float64, seeds int) {
		t := trial{name: fmt.Sprintf("%s %d", set, each), set: set, inScope: true, top1: floor}
		for s := range seeds {
			t.train = append(t.train, fmt.Sprintf("%s/shots/%d_s%d.tsv", set, each, s))
			t.test = append(t.test, set+"/test.tsv")
		}
		out = append(out, t)
	}
	full := func(t trial) {
		t.name, t.train, t.test = t.set+" full", []string{t.set + "/train.tsv"}, []string{t.set + "/test.tsv"}
		out = append(out, t)
	}
	for _, c := range []struct {
		set        string
		one, five  float64
		ten, whole float64
	}{
		{"banking77", .36, .66, .76, .918},
		{"clinc150", .46, .76, .84, .932},
		{"bitext", .51, .84, .93, .993},
		{"bq_faq", .53, .79, .86, .92},
		{"hwu64", .37, .64, .73, .89},
	} {
		shots(c.set, 1, c.one, 3)
		shots(c.set, 5, c.five, 3)
		shots(c.set, 10, c.ten, 3)
		t := trial{set: c.set, top1: c.whole}
		if c.set == "clinc150" {
			t.auroc, t.kept, t.oosRecall = .95, .92, .55
		}
		full(t)
	}
	full(trial{set: "lcqmc_faq", top1: .92})
	full(trial{set: "hint3_curekart", top1: .84, auroc: .85})
	for _, set := range []string{"banking77", "bq_faq", "clinc150", "hwu64", "bitext"} {
		for _, each := range []string{"1", "5", "10", "full"} {
			t := trial{name: set + " near " + each, set: set}
			for s := range 2 {
				t.train = append(t.train, fmt.Sprintf("%s/near_oos/train_%s_s%d.tsv", set, each, s))
				t.test = append(t.test, fmt.Sprintf("%s/near_oos/test_s%d.tsv", set, s))
			}
			if each == "full" && (set == "banking77" || set == "bq_faq") {
				t.rAtP95 = .66
			}
			if _, err := os.Stat(filepath.Join(os.Getenv("FRONTDESK_TESTDATA"), "faq", t.train[0])); err == nil {
				out = append(out, t)
			}
		}
	}
	return out
}

// run asks all pairs of files. kept tells how much of what has no answer is refused,
// on average, see trial.kept.
func (tr trial) run(t testing.TB) (all, untuned []Figures, kept float64) {
	for i := range tr.train {
		x, err := FromLabelled(t.Context(), exported(publicSet(t, tr.train[i])), Options{})
		if err != nil {
			t.Fatal(err)
		}
		x.use(calibrationWithout(t, tr.set))
		asked := exported(publicSet(t, tr.test[i]))
		if tr.inScope {
			asked = slices.DeleteFunc(asked, func(l Labelled) bool { return l.Label == OutOfScope })
		}
		before, tuned, err := x.EvaluateTuned(t.Context(), asked)
		if err != nil {
			t.Fatal(err)
		}
		all, untuned = append(all, tuned), append(untuned, before)
		if tr.kept > 0 {
			kept += refused(x.ask(asked), tr.kept) / float64(len(tr.train))
		}
	}
	return all, untuned, kept
}

// use replaces the calibration of an index that nobody else has yet.
func (x *Index) use(c *calibration) {
	x.matcher.calibration = c
	x.point = c.at(x.point.Precision, x.matcher.perEach)
}

func exported(set []labelled) []Labelled {
	out := make([]Labelled, len(set))
	for i, l := range set {
		out[i] = Labelled{l.text, l.label}
	}
	return out
}

// recordColumns are those of testdata/record.txt, beside the name.
var recordColumns = []string{"top1", "top3", "auroc", "r_at_p95", "precision", "coverage", "best", "answered", "offered", "among", "refused", "untuned_p", "untuned_c"}

func recordOf(all, untuned []Figures, kept float64) []float64 {
	out := make([]float64, len(recordColumns))
	n := float64(len(all))
	for _, f := range all {
		for i, v := range []float64{f.Top1, f.Top3, f.AUROC, f.RAtP95, 0, f.Coverage, f.Best, float64(f.Answered), float64(f.Offered) / float64(f.Questions), float64(f.Among) / float64(max(f.Offered, 1))} {
			out[i] += v / n
		}
	}
	for _, f := range untuned {
		out[12] += f.Coverage / n
	}
	out[4], out[10], out[11] = precisionOf(all), kept, precisionOf(untuned)
	return out
}

// precisionOf is that of all answers together.
func precisionOf(all []Figures) float64 {
	var right, answered int
	for _, f := range all {
		right, answered = right+f.Right, answered+f.Answered
	}
	return float64(right) / float64(max(answered, 1))
}

const recordPath = "testdata/record.txt"

// tolerance is how much a figure may fall before it is a loss: sums of floats
// differ a little between machines.
const tolerance = .004

// TestRecord measures the matcher on public collections and compares with the
// record, so that no change loses accuracy unnoticed. Five examples per entry are
// always measured, everything with FRONTDESK_LONG=1. After a change for the
// better: go test -run TestRecord -update ./faq, and review the difference.
func TestRecord(t *testing.T) {
	if testing.Short() || raceEnabled {
		t.Skip("the public sets take minutes")
	}
	publicSet(t, "banking77/test.tsv") // or skip
	old := readRecord(t)
	var b strings.Builder
	fmt.Fprintf(&b, "# Measured by TestRecord; mean of seeds. Precision and coverage at the operating point of %.0f %%, each half of\n# the questions tuned to the texts of the other; best: the coverage that the best score in hindsight would have; refused: what\n# has no answer, where 92 %% of the rest are still answered rightly; untuned: precision and coverage before. After a change for\n# the better: go test -run TestRecord -update ./faq\n", 100*DefaultPrecision)
	fmt.Fprintf(&b, "%-22s", "# set")
	for _, c := range recordColumns {
		fmt.Fprintf(&b, " %9s", c)
	}
	b.WriteByte('\n')
	filter := os.Getenv("FRONTDESK_RECORD")
	whole := *update || filter != "" || os.Getenv("FRONTDESK_LONG") == "1"
	for _, tr := range trials() {
		if filter != "" && !strings.Contains(tr.name, filter) {
			continue
		}
		if !whole && !strings.HasSuffix(tr.name, " 5") {
			continue // the rest takes minutes
		}
		row := recordOf(tr.run(t))
		fmt.Fprintf(&b, "%-22s", strings.ReplaceAll(tr.name, " ", "/"))
		for i, v := range row {
			if recordColumns[i] == "answered" {
				fmt.Fprintf(&b, " %9.0f", v)
			} else {
				fmt.Fprintf(&b, " %9.3f", v)
			}
		}
		b.WriteByte('\n')
		tr.judge(t, row, old[strings.ReplaceAll(tr.name, " ", "/")])
	}
	t.Logf("\n%s", b.String())
	if *update && filter == "" {
		if err := os.WriteFile(recordPath, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// judge compares with the record, and says where the aim is missed.
func (tr trial) judge(t *testing.T, row, old []float64) {
	if old == nil {
		if !*update {
			t.Errorf("%s is not in the record: run with -update", tr.name)
		}
	} else if !*update {
		for i, c := range recordColumns[:4] {
			if row[i] < old[i]-tolerance {
				t.Errorf("%s: %s is %.3f, was %.3f", tr.name, c, row[i], old[i])
			}
		}
		if row[4] < old[4]-.015 && row[7] >= 100 {
			t.Errorf("%s: precision is %.3f, was %.3f", tr.name, row[4], old[4])
		}
		if row[10] < old[10]-.02 {
			t.Errorf("%s: refused is %.3f, was %.3f", tr.name, row[10], old[10])
		}
		if row[5] < old[5]-.03 {
			t.Errorf("%s: coverage is %.3f, was %.3f", tr.name, row[5], old[5])
		}
		if row[11] < old[11]-.015 && row[7] >= 100 {
			t.Errorf("%s: untuned, precision is %.3f, was %.3f", tr.name, row[11], old[11])
		}
		if row[12] < old[12]-.03 {
			t.Errorf("%s: untuned, coverage is %.3f, was %.3f", tr.name, row[12], old[12])
		}
	}
	for _, aim := range []struct {
		name       string
		got, floor float64
	}{{"top1", row[0], tr.top1}, {"auroc", row[2], tr.auroc}, {"r_at_p95", row[3], tr.rAtP95}, {"refused", row[10], tr.oosRecall}} {
		if aim.got < aim.floor {
			t.Logf("MISSED %s: %s %.3f, aim %.3f", tr.name, aim.name, aim.got, aim.floor)
		}
	}
	if row[7] >= 200 && (row[4] < .93 || row[5] < .8*row[6]) {
		t.Logf("MISSED %s: %.0f answers, precision %.3f, coverage %.3f of %.3f", tr.name, row[7], row[4], row[5], row[6])
	}
}

func readRecord(t testing.TB) map[string][]float64 {
	out := map[string][]float64{}
	data, err := os.ReadFile(recordPath)
	if err != nil {
		if *update {
			return out
		}
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		row := make([]float64, 0, len(f)-1)
		for _, s := range f[1:] {
			v, err := strconv.ParseFloat(s, 64)
			if err != nil || math.IsNaN(v) {
				t.Fatalf("record: %q", line)
			}
			row = append(row, v)
		}
		if len(row) != len(recordColumns) && *update {
			return map[string][]float64{} // of other columns
		}
		if len(row) != len(recordColumns) {
			t.Fatalf("record: %q", line)
		}
		out[f[0]] = row
	}
	return out
}
