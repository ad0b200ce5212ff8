package markup

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// shown is how text at a place in a document looks, as far as it decides
// whether a person sees it. The zero value is black on white.
type shown struct {
	gone           bool // it and all within: display:none and the like
	tiny           bool // font-size:0, until an element sets another
	ink, paper     rgb  // text and background colour
	inkSet, noInk  bool // ink is set; ink is transparent
	paperSet, deep bool // paper is set; it is a picture, so that nobody knows
}

type rgb struct{ r, g, b uint8 }

// hides reports whether nobody sees text that looks like s.
func (s shown) hides() bool {
	if s.gone || s.tiny || s.noInk {
		return true
	}
	if !s.inkSet || s.deep {
		return false
	}
	paper := rgb{255, 255, 255}
	if s.paperSet {
		paper = s.paper
	}
	return near(s.ink.r, paper.r) && near(s.ink.g, paper.g) && near(s.ink.b, paper.b)
}

func near(a, b uint8) bool { return max(a, b)-min(a, b) <= 8 }

// within returns how text directly in element n looks, n standing in s.
func (s shown) within(n *html.Node) shown {
	for _, a := range n.Attr {
		switch a.Key {
		case "hidden":
			s.gone = true
		case "bgcolor":
			s.setPaper(a.Val)
		case "background":
			s.deep = true
		case "color":
			if n.DataAtom == atom.Font {
				s.setInk(a.Val)
			}
		}
	}
	style := attr(n, "style")
	if style == "" {
		return s
	}
	clipped, flat := false, false
	for d := range strings.SplitSeq(style, ";") {
		name, value, _ := strings.Cut(d, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		value = strings.ToLower(strings.TrimSpace(strings.ReplaceAll(value, "!important", "")))
		switch name {
		case "display":
			s.gone = s.gone || value == "none"
		case "visibility":
			s.gone = s.gone || value == "hidden" || value == "collapse"
		case "mso-hide":
			s.gone = s.gone || value == "all"
		case "opacity":
			s.gone = s.gone || zeroLength(value)
		case "font-size":
			s.tiny = zeroLength(value)
		case "max-height", "height", "max-width", "width":
			flat = flat || zeroLength(value)
		case "overflow":
			clipped = value == "hidden"
		case "text-indent", "left", "top", "margin-left":
			s.gone = s.gone || strings.HasPrefix(value, "-999")
		case "color":
			s.setInk(value)
		case "background-color":
			s.setPaper(value)
		case "background", "background-image":
			if strings.Contains(value, "url(") || strings.Contains(value, "gradient") {
				s.deep = true
			} else if name == "background" {
				first, _, _ := strings.Cut(value, " ")
				s.setPaper(first)
			}
		}
	}
	s.gone = s.gone || (clipped && flat)
	return s
}

func (s *shown) setInk(v string) {
	v = strings.ToLower(strings.TrimSpace(v))
	s.noInk = v == "transparent"
	if c, ok := color(v); ok {
		s.ink, s.inkSet = c, true
	}
}

func (s *shown) setPaper(v string) {
	if c, ok := color(strings.ToLower(strings.TrimSpace(v))); ok {
		s.paper, s.paperSet, s.deep = c, true, false
	}
}

// zeroLength reports whether a CSS length or number is nothing to the eye.
func zeroLength(v string) bool {
	v = strings.TrimRight(v, "abcdefghijklmnopqrstuvwxyz% ")
	f, err := strconv.ParseFloat(v, 64)
	return err == nil && f >= 0 && f < 0.02
}

// color reads the CSS colours that mail uses: #rgb, #rrggbb, rgb(…) and the
// names of white and black. Others are not understood, and so hide nothing.
func color(v string) (rgb, bool) {
	switch v {
	case "white":
		return rgb{255, 255, 255}, true
	case "black":
		return rgb{}, true
	}
	if in, ok := strings.CutPrefix(v, "rgb"); ok {
		in = strings.Trim(strings.TrimPrefix(in, "a"), "() ")
		parts := strings.FieldsFunc(in, func(r rune) bool { return r == ',' || r == ' ' || r == '/' })
		if len(parts) < 3 {
			return rgb{}, false
		}
		var c [3]uint8
		for i := range c {
			n, err := strconv.ParseUint(parts[i], 10, 8)
			if err != nil {
				return rgb{}, false
			}
			c[i] = uint8(n)
		}
		return rgb{c[0], c[1], c[2]}, true
	}
	hex := strings.TrimPrefix(v, "#")
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || len(hex) != 6 {
		return rgb{}, false
	}
	return rgb{uint8(n >> 16), uint8(n >> 8), uint8(n)}, true
}
