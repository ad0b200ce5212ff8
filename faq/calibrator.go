package faq

// A calibrator turns signs into a probability. It is a logistic regression
// whose sum is corrected by a few small symmetric trees, fitted once on many
// FAQs; see calibration.txt and TestCalibrate, which writes it.
type calibrator struct {
	constant float32
	linear   [signCount]float32
	trees    []tree
}

const treeDepth = 3

// A tree asks the same question of every row on a level: is sign feature[i]
// above cut[i]? The answers are the bits of the leaf's number.
type tree struct {
	feature [treeDepth]uint8
	cut     [treeDepth]float32
	leaf    [1 << treeDepth]float32
}

func (t *tree) value(x *[signCount]float32) float32 {
	n := 0
	for i, f := range t.feature {
		if x[f] > t.cut[i] {
			n |= 1 << i
		}
	}
	return t.leaf[n]
}

func (c *calibrator) logit(x *[signCount]float32) float64 {
	z := c.constant
	for i, w := range c.linear {
		z += w * x[i]
	}
	for i := range c.trees {
		z += c.trees[i].value(x)
	}
	return float64(z)
}

func (c *calibrator) probability(x *[signCount]float32) float64 {
	return expit(c.logit(x))
}
