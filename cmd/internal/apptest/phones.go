package apptest

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/standin"
	"tocsin/paging/twilio"
	"tocsin/paging/twilio/telephone"
)

// Patience is how long a story waits for what should happen at once. It is long, because many
// stories share a small machine; where lateness matters it is measured.
const Patience = 15 * time.Second

// IsPage tells a page (or the rolling text for several) from a notice or an answer.
func IsPage(x telephone.Text) bool {
	return x.Via == telephone.ViaAPI && strings.Contains(x.Body, " = ack")
}

// Page waits for the first page on a phone, "" being any, that holds all parts.
func (w *World) Page(phone string, parts ...string) telephone.Text {
	w.T.Helper()
	return w.Await(Patience, "a page on "+phone+" with "+strings.Join(parts, ", "), func(x telephone.Text) bool {
		return IsPage(x) && x.Reached != "" && (phone == "" || x.Reached == phone) && holds(x.Body, parts)
	})
}

// Notice waits for a text on a phone that is exactly body and no answer to a reply.
func (w *World) Notice(phone, body string) telephone.Text {
	w.T.Helper()
	return w.Await(Patience, "the notice "+body, func(x telephone.Text) bool {
		return x.Via == telephone.ViaAPI && x.Reached == phone && x.Body == body
	})
}

func holds(s string, parts []string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}

// Await waits for a text.
func (w *World) Await(within time.Duration, what string, want func(telephone.Text) bool) telephone.Text {
	w.T.Helper()
	ctx, cancel := context.WithTimeout(w.T.Context(), within)
	defer cancel()
	text, err := w.Phone.Wait(ctx, want)
	require.NoError(w.T, err, "waited for %s; the phones show:\n%s", what, w.Screens())
	return text
}

// Never watches until that time, and fails when a text comes that satisfies want, or came before.
func (w *World) Never(until time.Time, what string, want func(telephone.Text) bool) {
	w.T.Helper()
	ctx, cancel := context.WithDeadline(w.T.Context(), until)
	defer cancel()
	text, err := w.Phone.Wait(ctx, want)
	require.ErrorIs(w.T, err, context.DeadlineExceeded, "%s, but: %q to %s", what, text.Body, text.To)
}

// Pages lists the pages that hold all parts, whoever they were for, each once.
func (w *World) Pages(parts ...string) []telephone.Text {
	var out []telephone.Text
	for _, e := range w.Phone.Log() {
		if e.Text != nil && IsPage(*e.Text) && holds(e.Text.Body, parts) {
			out = append(out, *e.Text)
		}
	}
	return out
}

// Screens is everything that was texted either way, for messages.
func (w *World) Screens() string {
	var b strings.Builder
	for _, e := range w.Phone.Log() {
		switch {
		case e.Text != nil:
			b.WriteString("  " + e.At.Format("15:04:05.000") + " to " + e.Text.To + " (" + e.Text.Status + "): " + e.Text.Body + "\n")
		case e.Inbound != nil:
			b.WriteString("  " + e.At.Format("15:04:05.000") + " from " + e.Inbound.From + ": " + e.Inbound.Body + "\n")
		}
	}
	return b.String()
}

var replyCode = regexp.MustCompile(`Reply (\d{2,6}) = ack`)

// Code reads the reply code as a person would: from the text.
func Code(t testing.TB, text telephone.Text) string {
	t.Helper()
	m := replyCode.FindStringSubmatch(text.Body)
	require.NotNil(t, m, "the text has no code: %s", text.Body)
	return m[1]
}

// Reply texts the gateway from a phone and returns its answer, "" for silence.
func (w *World) Reply(from, body string) string {
	w.T.Helper()
	in, err := w.Phone.Reply(w.T.Context(), from, standin.Number, body)
	require.NoError(w.T, err)
	require.LessOrEqual(w.T, len(in.Answers), 1, "one reply has one answer")
	if len(in.Answers) == 0 {
		return ""
	}
	return in.Answers[0]
}

// SignedForm posts a form to a path as Twilio does, for what the telephone does not play.
func (g *Gateway) SignedForm(path string, form url.Values) Answer {
	g.T.Helper()
	return g.Post(path, []byte(form.Encode()), map[string]string{
		"Content-Type":         "application/x-www-form-urlencoded",
		twilio.SignatureHeader: twilio.Sign(g.Env[standin.EnvAuthToken], g.World.URL+path, form),
	})
}
