package english

import (
	"strings"
	"testing"
)

func TestStem(t *testing.T) {
	for _, same := range []string{
		"refund refunds refunded refunding", "ship shipped shipping ships shipment", "charge charged charging charges",
		"delivery deliveries", "cancel cancelled canceling cancellation", "address addresses", "pay paying payment payments",
		"reply replied replies", "box boxes", "return returned returns",
	} {
		f := strings.Fields(same)
		for _, w := range f[1:] {
			if Stem(w) != Stem(f[0]) {
				t.Errorf("%s is %q, %s is %q", f[0], Stem(f[0]), w, Stem(w))
			}
		}
	}
	for _, apart := range []string{"bill bin", "sing string", "pass past", "thing thin", "business busy", "红 红色"} {
		f := strings.Fields(apart)
		if Stem(f[0]) == Stem(f[1]) {
			t.Errorf("%s and %s are both %q", f[0], f[1], Stem(f[0]))
		}
	}
}
