package faq

import (
	"bufio"
	_ "embed"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
)

//go:generate go test -run ^TestCalibrate$ -v -count 1 -timeout 60m . -calibrate

// calibration.txt is fitted once, over many FAQs drawn from collections whose
// licences allow it, and holds for any FAQ; see TestCalibrate, which writes it.
//
//go:embed calibration.txt
var calibrationText string

// A calibration turns signs into probabilities, and a stated precision into
// the points from which to answer.
type calibration struct {
	first   calibrator  // of the best match
	later   calibrator  // of those behind it
	belongs calibrator  // whether the answer of a question with such a best match is in the FAQ at all
	points  []threshold // by rising examples, then precision
	slope   float64     // see needs
	weights tuningWeights
	signs   []float64 // what the matcher showed when it was fitted; see TestCalibrationIsCurrent
	inputs  string    // hash of the collections
}

// A threshold says from which score on so large a share of the answers is right, in
// an FAQ with so many examples for each entry: one that is not tuned, and one that is,
// before its shift. With few examples the estimates are less to be trusted, so that more
// is asked of them.
type threshold struct{ examples, precision, untuned, tuned float64 }

var calibrationOnce = sync.OnceValues(func() (*calibration, error) {
	c, err := readCalibration(calibrationText)
	if err != nil {
		return nil, fmt.Errorf("calibration.txt: %w", err)
	}
	return c, nil
})

// somewhatAlike is the likeness from which a text of function words alone, such
// as "where are you from", may be one that the FAQ has.
const somewhatAlike = .5

// verbatim is the likeness of a question that stands in the FAQ as it is asked.
// Whoever wrote it there decided what answers it: verbatimScore leaves room for
// who means something else by the same words.
const (
	verbatim      = .97
	verbatimScore = .995
)

// confidence estimates the probability that a candidate is the right answer. A
// text that names nothing is no question, unless the FAQ has one like it.
func (c *calibration) confidence(g *signs, rank int) float64 {
	if g.content == 0 && g.nearest < somewhatAlike {
		return 0
	}
	if rank == 0 && g.agree && g.nearest >= verbatim {
		return verbatimScore
	}
	row := g.row()
	if c == nil { // only while a calibration is being fitted
		return math.Exp(g.share)
	}
	if rank == 0 {
		return c.first.probability(&row)
	}
	return c.later.probability(&row)
}

// belonging estimates the probability that the FAQ has the answer of a question with
// such a best match, be it the right answer or not.
func (c *calibration) belonging(g *signs) float64 {
	row := g.row()
	return c.belongs.probability(&row)
}

// readCalibration reads what [calibration.text] wrote: one fact a line, a name and
// numbers.
func readCalibration(text string) (*calibration, error) {
	c := &calibration{}
	sc := bufio.NewScanner(strings.NewReader(text))
	for n := 1; sc.Scan(); n++ {
		f := strings.Fields(sc.Text())
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		if err := c.read(f[0], f[1:]); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if len(c.points) == 0 || c.slope <= 0 || c.weights.own <= 0 || c.weights.gain <= 0 || c.belongs.linear == [signCount]float32{} {
		return nil, fmt.Errorf("no operating points, or nothing to tune them by")
	}
	return c, sc.Err()
}

func (c *calibration) read(name string, fields []string) error {
	if name == "inputs" && len(fields) == 1 {
		c.inputs = fields[0]
		return nil
	}
	v := make([]float64, len(fields))
	for i, s := range fields {
		x, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%s: %q is no number", name, s)
		}
		v[i] = x
	}
	part, kind, _ := strings.Cut(name, ".")
	target := map[string]*calibrator{"first": &c.first, "later": &c.later, "belongs": &c.belongs}[part]
	if target == nil {
		kind = ""
	}
	switch {
	case kind == "linear" && len(v) == signCount+1:
		target.constant = float32(v[signCount])
		for i := range target.linear {
			target.linear[i] = float32(v[i])
		}
	case kind == "tree" && len(v) == 2*treeDepth+1<<treeDepth:
		var t tree
		for i := range treeDepth {
			if v[i] < 0 || v[i] >= signCount {
				return fmt.Errorf("%s: there is no sign %v", name, v[i])
			}
			t.feature[i], t.cut[i] = uint8(v[i]), float32(v[treeDepth+i])
		}
		for i := range t.leaf {
			t.leaf[i] = float32(v[2*treeDepth+i])
		}
		target.trees = append(target.trees, t)
	case name == "point" && len(v) == 4:
		c.points = append(c.points, threshold{v[0], v[1], v[2], v[3]})
	case name == "tuning" && len(v) == 2:
		c.weights = tuningWeights{v[0], v[1]}
	case name == "slope" && len(v) == 1:
		c.slope = v[0]
	case name == "signs" && len(v) == signCount:
		c.signs = v
	default:
		return fmt.Errorf("%s with %d numbers does not belong here", name, len(v))
	}
	return nil
}

// text writes a calibration as readCalibration reads it.
func (c *calibration) text(comment string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimSpace(comment), "\n") {
		fmt.Fprintf(&b, "# %s\n", line)
	}
	numbers := func(name string, v ...float64) {
		b.WriteString(name)
		for _, x := range v {
			b.WriteString(" " + strconv.FormatFloat(x, 'g', 5, 64))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "inputs %s\n", c.inputs)
	numbers("signs", c.signs...)
	numbers("slope", c.slope)
	numbers("tuning", c.weights.own, c.weights.gain)
	for _, p := range c.points {
		numbers("point", p.examples, p.precision, p.untuned, p.tuned)
	}
	for _, part := range []struct {
		name string
		c    *calibrator
	}{{"first", &c.first}, {"later", &c.later}, {"belongs", &c.belongs}} {
		var v []float64
		for _, w := range part.c.linear {
			v = append(v, float64(w))
		}
		numbers(part.name+".linear", append(v, float64(part.c.constant))...)
		for _, t := range part.c.trees {
			v = v[:0]
			for _, f := range t.feature {
				v = append(v, float64(f))
			}
			for _, x := range t.cut {
				v = append(v, float64(x))
			}
			for _, x := range t.leaf {
				v = append(v, float64(x))
			}
			numbers(part.name+".tree", v...)
		}
	}
	return b.String()
}
