package auditor_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/auditor"
	"tocsin/escalation"
	"tocsin/escalation/audit"
	"tocsin/escalation/store"
	"tocsin/escalation/store/memstore"
)

// TestCrash ensures that a kill -9 right after alerts were taken leaves no finding, before the
// next start nor after it, which makes up for the records that were lost and says so.
func TestCrash(t *testing.T) {
	w := apptest.New(t, apptest.Bolt, config)
	g, p := w.Serve(apptest.Build(t))
	require.Eventually(t, func() bool {
		head, err := g.API.AuditHead(t.Context())
		return err == nil && head.Number > 0
	}, apptest.Patience, 20*time.Millisecond, "the start is on record")
	for i := range 5 {
		g.Opens(apptest.Event{Key: fmt.Sprint(i), Title: "Trouble.", Severity: "critical"})
	}
	p.Kill()
	s := w.OpenStore()
	require.Empty(t, problems(verify(t, s)), "what a crash lost is no tampering")
	require.NoError(t, s.Close())
	require.NoError(t, w.Run().Stop())
	s = w.OpenStore()
	require.Empty(t, problems(verify(t, s)))
	lines, err := auditor.Records(t.Context(), s, 0, 1000)
	require.NoError(t, err)
	told := map[string]bool{}
	for _, l := range lines {
		if l.Kind == audit.Opened || l.Kind == audit.Found && l.Incident != "" {
			require.False(t, told[string(l.Incident)], "told twice")
			told[string(l.Incident)] = true
		}
	}
	require.Len(t, told, 5)
}

// BenchmarkSaved is what a commit pays for the audit log.
func BenchmarkSaved(b *testing.B) {
	l := auditor.New(memstore.New(memstore.Options{}), time.Now, slog.New(slog.DiscardHandler))
	inc := &escalation.Incident{ID: "01jf", Key: "key", State: escalation.Triggered, Seq: 3, Head: "0123"}
	res := escalation.Result{Incident: inc, Entries: []escalation.Entry{{Kind: escalation.EntryOpened}}}
	n := 0
	for b.Loop() {
		l.Saved(res, store.Revision{Counter: 1})
		if n++; n%1000 == 0 {
			if err := l.Flush(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
}
