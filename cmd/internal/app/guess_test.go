package app_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/apptest"
	"tocsin/escalation"
)

// Attack 3: whoever forges the sender of a text and does not see the phone cannot acknowledge with
// strong codes: no word does it, no guess, no code of another phone or of another spelling of the
// number; answers to guesses end soon; and the person who has the code is not locked out by any of it.
func TestForgedTexts(t *testing.T) {
	t.Parallel()
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		w := apptest.New(t, kind, "reply_codes: strong\n"+small)
		g := w.Run()
		id := g.Opens(apptest.Event{Key: "a", Title: "Vault drained", Severity: "critical"})
		code := apptest.Code(t, w.Page(anaPhone, "Vault drained"))
		require.Regexp(t, `^[1-9][0-9]{5}$`, code)
		for _, from := range []string{
			benPhone, danaPhone, "+12025550177", "12025550101", "+1 202 555 0101", "0012025550101", "+12025550101x", "tel:+12025550101",
			"whatsapp:+12025550101", "＋12025550101", "+12025550101\n", "2025550101",
		} {
			answer := g.Reply(from, code)
			assert.NotContains(t, answer, "Vault drained", "from %q", from)
		}
		answered := 0
		for _, guess := range []string{
			"ack", "a", "ok", "all", "ack all", "10", "11r", "99", "0", code[:5], code + "0", "1" + code, "-" + code + "r", "100000", "100001", "999999", code[1:] + code[:1],
			code + " please", "not " + code, "r" + code[:5],
		} {
			if strings.TrimLeft(guess, "-r") == code {
				continue
			}
			answer := g.Reply(anaPhone, guess)
			assert.NotContains(t, answer, "Acked", "%q", guess)
			if answer != "" {
				answered++
			}
		}
		for i := range 30 {
			if g.Reply(anaPhone, fmt.Sprint(200_000+i)) != "" {
				answered++
			}
		}
		assert.LessOrEqual(t, answered, 12, "answers to guesses end soon")
		require.Equal(t, escalation.Triggered, g.Incident(id).Incident.State)
		g.Reply(anaPhone, code)
		require.Equal(t, escalation.Acknowledged, g.Incident(id).Incident.State, "the right code works all the same")
	})
}
