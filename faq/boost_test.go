package faq

import (
	"math"
	"slices"
)

// fitCalibrator fits a calibrator to rows: the linear part by Newton's method
// with a little shrinkage, then trees on what it leaves, by gradient boosting
// with second-order leaves (Friedman 2001; Chen and Guestrin 2016).
func fitCalibrator(rows []fitRow, trees int) calibrator {
	c := fitLinear(rows)
	b := newBooster(rows, &c)
	for range trees {
		c.trees = append(c.trees, b.grow())
	}
	return c
}

func fitLinear(rows []fitRow) calibrator {
	// Standardised, so that shrinkage treats all signs alike.
	var mean, dev [signCount]float64
	for _, r := range rows {
		for i, v := range r.X {
			mean[i] += float64(v) / float64(len(rows))
		}
	}
	for _, r := range rows {
		for i, v := range r.X {
			d := float64(v) - mean[i]
			dev[i] += d * d / float64(len(rows))
		}
	}
	for i := range dev {
		dev[i] = max(math.Sqrt(dev[i]), 1e-3)
	}
	x, all := make([][]float64, len(rows)), make([]float64, len(rows)*(signCount+1))
	right, weight := make([]bool, len(rows)), make([]float64, len(rows))
	for k, r := range rows {
		x[k], all = all[:signCount+1], all[signCount+1:]
		for i, v := range r.X {
			x[k][i] = (float64(v) - mean[i]) / dev[i]
		}
		x[k][signCount] = 1
		right[k], weight[k] = r.Right, float64(r.Weight)
	}
	w := fitLogistic(x, right, weight, shrinkage)
	c := calibrator{}
	constant := w[signCount]
	for i := range signCount {
		c.linear[i] = float32(w[i] / dev[i])
		constant -= w[i] * mean[i] / dev[i]
	}
	c.constant = float32(constant)
	return c
}

// fitLogistic fits a logistic regression by Newton's method; shrinkage draws its weights
// to 0.
func fitLogistic(x [][]float64, right []bool, weight []float64, shrinkage float64) []float64 {
	n := len(x[0])
	w := make([]float64, n)
	for range 12 {
		grad, hess := make([]float64, n), make([][]float64, n)
		for i := range hess {
			hess[i] = make([]float64, n+1)
		}
		for k, x := range x {
			var z float64
			for i, v := range x {
				z += w[i] * v
			}
			p := expit(z)
			e := -p
			if right[k] {
				e++
			}
			g, h := weight[k]*e, weight[k]*p*(1-p)
			for i := range x {
				grad[i] += g * x[i]
				hx := h * x[i]
				for j := range i + 1 {
					hess[i][j] += hx * x[j]
				}
			}
		}
		for i := range w {
			for j := range i {
				hess[j][i] = hess[i][j]
			}
			hess[i][i] += shrinkage
			hess[i][n] = grad[i] - shrinkage*w[i]
		}
		for i := range w { // Gauss–Jordan; the matrix is positive definite
			for j := range w {
				if j == i {
					continue
				}
				f := hess[j][i] / hess[i][i]
				for k := i; k <= n; k++ {
					hess[j][k] -= f * hess[i][k]
				}
			}
		}
		for i := range w {
			w[i] += hess[i][n] / hess[i][i]
		}
	}
	return w
}

const (
	shrinkage = 20  // of the linear part, per standard deviation
	bins      = 48  // values told apart per sign
	boostRate = .12 // how much of a tree's correction is taken
	leafLeast = 60  // weight that shrinks a leaf
)

// booster grows trees on the rows that a calibrator gets wrong.
type booster struct {
	rows []fitRow
	z    []float64
	cuts [signCount][]float32
	bin  [][signCount]uint8
}

func newBooster(rows []fitRow, c *calibrator) *booster {
	b := &booster{rows: rows, z: make([]float64, len(rows)), bin: make([][signCount]uint8, len(rows))}
	values := make([]float32, 0, len(rows))
	for f := range signCount {
		values = values[:0]
		for i := range rows {
			values = append(values, rows[i].X[f])
		}
		slices.Sort(values)
		for k := 1; k < bins; k++ {
			v := values[k*len(values)/bins]
			if n := len(b.cuts[f]); (n == 0 || v > b.cuts[f][n-1]) && v < values[len(values)-1] {
				b.cuts[f] = append(b.cuts[f], v)
			}
		}
		for i := range rows {
			n, _ := slices.BinarySearch(b.cuts[f], rows[i].X[f])
			b.bin[i][f] = uint8(n) // bins above cut k: n > k
		}
	}
	for i := range rows {
		b.z[i] = c.logit(&rows[i].X)
	}
	return b
}

func (b *booster) grow() tree {
	var t tree
	g, h := make([]float64, len(b.rows)), make([]float64, len(b.rows))
	leaf := make([]uint8, len(b.rows))
	for i, r := range b.rows {
		p := expit(b.z[i])
		g[i], h[i] = -p*float64(r.Weight), p*(1-p)*float64(r.Weight)
		if r.Right {
			g[i] += float64(r.Weight)
		}
	}
	type sums struct{ g, h float64 }
	for level := range treeDepth {
		leaves := 1 << level
		hist := make([][signCount][bins]sums, leaves)
		for i := range b.rows {
			to := &hist[leaf[i]]
			for f, k := range b.bin[i] {
				to[f][k].g += g[i]
				to[f][k].h += h[i]
			}
		}
		best, bestFeature, bestCut := math.Inf(-1), 0, 0
		for f := range signCount {
			for k := range b.cuts[f] {
				var gain float64
				for l := range leaves {
					var low, all sums
					for n, s := range hist[l][f] {
						all.g, all.h = all.g+s.g, all.h+s.h
						if n <= k {
							low = all
						}
					}
					high := sums{all.g - low.g, all.h - low.h}
					gain += low.g*low.g/(low.h+leafLeast) + high.g*high.g/(high.h+leafLeast)
				}
				if gain > best {
					best, bestFeature, bestCut = gain, f, k
				}
			}
		}
		t.feature[level], t.cut[level] = uint8(bestFeature), b.cuts[bestFeature][bestCut]
		for i := range b.rows {
			if int(b.bin[i][bestFeature]) > bestCut {
				leaf[i] |= 1 << level
			}
		}
	}
	var total [1 << treeDepth]sums
	for i, l := range leaf {
		total[l].g += g[i]
		total[l].h += h[i]
	}
	for l, s := range total {
		t.leaf[l] = float32(boostRate * s.g / (s.h + leafLeast))
	}
	for i := range b.rows {
		b.z[i] += float64(t.leaf[leaf[i]])
	}
	return t
}
