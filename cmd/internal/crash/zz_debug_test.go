package crash_test

import "testing"

func debugCopies(t *testing.T, p *phones) {
	n := p.copies()
	for _, e := range p.telephone.Log() {
		if x := e.Text; x != nil && n[x.Callback] > 1 && x.Via == "api" {
			t.Logf("COPY %s %s %q %s sent=%s %s", x.At.Format("15:04:05.000"), x.To, x.Body, x.Callback[len(x.Callback)-60:], x.SentAt.Format("05.000"), x.SID)
		}
	}
}
