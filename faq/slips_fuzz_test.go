package faq

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"frontdesk/faq/internal/english"
)

// slipsOf are those that an FAQ of these example questions puts right.
func slipsOf(w *wordlists, examples ...string) *slips {
	corpus, usage := newCorpus(), newUsage()
	for _, e := range examples {
		atoms := atomize(w.normalize(e))
		usage.add(w, atoms)
		corpus.add(w.extract(atoms))
	}
	return newSlips(w, usage, corpus.ids)
}

// Whatever an FAQ has and somebody writes: what is told to have been put right is what
// was written and what is matched, the text does not grow beyond what is matched,
// and the same text is read the same way again.
func FuzzSlips(f *testing.F) {
	for _, s := range [][2]string{
		{"How do I get a refund by credit card?", "refnud to my creditcard, can cel it"},
		{"a refund is no refundqwz", "refnud qwz"},
		{"退款 优惠券 银行卡 行航 收货地址", "推款 惠卷 很行卡 杭行 地只"},
		{"a b c", ""},
		{"phone number", strings.Repeat("the phonenumber ", 200)},
		{"退款 宽带", "推款带"},
		{"iphone15 12345 rückerstattung возврат あいう カード", "iphnoe 15 ruckerstattung возвартт あう カ退款ド"},
		{"zh'ng n hm 嗯 呣 嗯嗯 㐀䶵 𠀀𠀁", "嗯呣 㐀䶵𠀀𠀁 ḿ ǹg"},
		{"aaaaaaaa aaaaaaab", "aaaaaaac aaaaaaa aaaaaaaaa"},
		{strings.Repeat("abcdefgh", 4), strings.Repeat("abcdefgh", 3) + "x"},
	} {
		f.Add(s[0], s[1])
	}
	w := words(f)
	f.Fuzz(func(t *testing.T, example, question string) {
		s := slipsOf(w, example)
		norm := w.normalize(question)
		atoms, made := s.mend(atomize(norm))
		if again, told := s.mend(atomize(norm)); !reflect.DeepEqual(again, atoms) || !slices.Equal(told, made) {
			t.Errorf("%q is read as %q, then as %q", norm, made, told)
		}
		if len(atoms) > maxAtoms {
			t.Errorf("%d atoms", len(atoms))
		}
		for _, x := range w.extract(atoms) {
			if x.from < 0 || x.from >= x.to || int(x.to) > len(atoms) {
				t.Fatalf("a feature of atoms %d to %d, of %d", x.from, x.to, len(atoms))
			}
		}
		var read strings.Builder
		for i, a := range atoms {
			if want := english.Stem(a.text); a.text == "" || !a.cjk && a.stem != want || a.cjk && a.stem != a.text {
				t.Errorf("atom %d: %+v", i, a)
			}
			if !a.glue {
				read.WriteByte(' ')
			}
			read.WriteString(a.text)
		}
		read.WriteByte(' ')
		for _, m := range made {
			if m.Written == m.Read || m.Written == "" {
				t.Errorf("%q is read as %q", m.Written, m.Read)
			}
			for word := range strings.FieldsSeq(m.Written) {
				if !strings.Contains(norm, word) {
					t.Errorf("%q is not written in %q", word, norm)
				}
			}
			if !strings.Contains(read.String(), m.Read) {
				t.Errorf("%q is not in what is matched, %q", m.Read, read.String())
			}
		}
	})
}
