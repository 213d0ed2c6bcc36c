package auditor_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/auditor"
	"tocsin/escalation"
	"tocsin/escalation/audit"
	"tocsin/paging"
)

// tampering is one way to change a store behind Tocsin's back. found is part of what is said of it.
type tampering struct {
	name   string
	do     func(*burglar)
	found  string
	anchor bool // only with an anchor kept elsewhere
}

func withLog() []tampering {
	return []tampering{
		{"a record of the log is changed", func(b *burglar) {
			n, lines, at := b.record(audit.Acknowledged)
			lines[at] = strings.Replace(lines[at], `"by":"`, `"by":"x`, 1)
			b.setLines(n, lines)
		}, "its hash is not that of its content", false},
		{"the time of a record is changed", func(b *burglar) {
			n, lines, at := b.record(audit.Resolved)
			lines[at] = strings.Replace(lines[at], `"at":"20`, `"at":"19`, 1)
			b.setLines(n, lines)
		}, "its time 19", false},
		{"a record is deleted", func(b *burglar) {
			n, lines, at := b.record(audit.Access)
			b.setLines(n, slices.Delete(lines, at, at+1))
		}, "records were", false},
		{"a record is repeated", func(b *burglar) {
			n, lines, at := b.record(audit.Opened)
			b.setLines(n, slices.Insert(lines, at, lines[at]))
		}, "it was copied or moved", false},
		{"a record is made up and inserted", func(b *burglar) {
			n, lines, at := b.record(audit.Opened)
			b.setLines(n, slices.Insert(lines, at, strings.Replace(lines[at], `"kind":"opened"`, `"kind":"resolved"`, 1)))
		}, "its hash is not that of its content", false},
		{"two records are swapped", func(b *burglar) {
			n, lines, _ := b.record(audit.Started)
			require.Greater(b.t, len(lines), 2)
			lines[1], lines[2] = lines[2], lines[1]
			b.setLines(n, lines)
		}, "it was copied or moved", false},
		{"a batch is deleted", func(b *burglar) { b.delete("series", seriesKey("audit", 2)) }, "it is missing", false},
		{"a batch is repeated", func(b *burglar) {
			head, v := b.value("audit", b.batches())
			b.put("series", seriesKey("audit", b.batches()+1), append(bytes.Clone(head), v...))
		}, "deleted, inserted, repeated or moved", false},
		{"two batches are swapped", func(b *burglar) {
			_, one := b.value("audit", 1)
			_, two := b.value("audit", 2)
			one, two = bytes.Clone(one), bytes.Clone(two)
			b.setValue("audit", 1, two)
			b.setValue("audit", 2, one)
		}, "deleted, inserted, repeated or moved", false},
		{"the log is rewritten with every hash made to fit", func(b *burglar) {
			b.forge(func(r *audit.Record) {
				if r.Kind == audit.Access {
					r.By = "token nobody"
				}
			})
		}, "the log was rewritten", true},
		{"the end of the log is cut off", func(b *burglar) { b.delete("series", seriesKey("audit", b.batches())) }, "its end was cut off", true},
		{"the whole log is deleted", func(b *burglar) {
			for n := b.batches(); n > 0; n-- {
				b.delete("series", seriesKey("audit", n))
			}
		}, "there is no audit log", false},
	}
}

func withTimeline() []tampering {
	return []tampering{
		{"the text of an entry is changed", func(b *burglar) {
			e := b.timeline(b.life.acked)
			e[1].Text += " and all is well"
			b.setTimeline(b.life.acked, e)
		}, "entry 2 of its timeline", false},
		{"the time of an entry is changed", func(b *burglar) {
			e := b.timeline(b.life.acked)
			e[len(e)-1].At = e[len(e)-1].At.Add(-time.Minute)
			b.setTimeline(b.life.acked, e)
		}, "does not follow", false},
		{"an entry is deleted", func(b *burglar) {
			e := b.timeline(b.life.acked)
			b.setTimeline(b.life.acked, slices.Delete(e, 1, 2))
		}, "does not follow", false},
		{"an entry is inserted", func(b *burglar) {
			e := b.timeline(b.life.acked)
			b.setTimeline(b.life.acked, slices.Insert(e, 2, e[1]))
		}, "does not follow", false},
		{"two entries are swapped", func(b *burglar) {
			e := b.timeline(b.life.acked)
			e[1], e[2] = e[2], e[1]
			b.setTimeline(b.life.acked, e)
		}, "does not follow", false},
		{"the end of a timeline is cut off", func(b *burglar) {
			e := b.timeline(b.life.acked)
			b.setTimeline(b.life.acked, e[:len(e)-1])
		}, "was cut off", false},
		{"an entry is moved to another incident", func(b *burglar) {
			e, other := b.timeline(b.life.acked), b.timeline(b.life.open)
			b.setTimeline(b.life.open, append(other, e[len(e)-1]))
		}, "does not follow", false},
		{"a timeline is replaced by one whose chain is whole", func(b *burglar) {
			e := b.timeline(b.life.resolved)
			e[1].Text = "nothing happened"
			b.rewrite(b.life.resolved, e)
		}, "the timeline was rewritten", false},
		{"an acknowledgement is forged, with its entry and a whole chain", func(b *burglar) {
			at := time.Now().Add(-time.Hour).UTC()
			by := escalation.Actor{User: "ana", Name: "ana", Via: "sms"}
			b.rewrite(b.life.open, append(b.timeline(b.life.open), escalation.Entry{At: at, Kind: escalation.EntryAck, By: "ana", Text: "acknowledged by ana over sms"}))
			b.incident(b.life.open, func(i *escalation.Incident) {
				i.State, i.Ack = escalation.Acknowledged, &escalation.Acknowledgement{By: by, At: at, Expires: at.Add(time.Hour)}
			})
			b.bump(b.life.open, 1)
		}, "written past the log", false},
		{"an acknowledgement is forged without an entry", func(b *burglar) {
			b.incident(b.life.open, func(i *escalation.Incident) {
				i.State, i.Ack = escalation.Acknowledged, &escalation.Acknowledgement{By: escalation.Actor{Name: "ana"}}
			})
		}, "the acknowledgement was forged", false},
	}
}

func withIncident() []tampering {
	return []tampering{
		{"who acknowledged is changed", func(b *burglar) {
			b.incident(b.life.acked, func(i *escalation.Incident) { i.Ack.By = escalation.Actor{User: "ana", Name: "ana"} })
		}, "who acknowledged was changed", false},
		{"when it was acknowledged is changed", func(b *burglar) {
			b.incident(b.life.acked, func(i *escalation.Incident) { i.Ack.At = i.Ack.At.Add(-time.Minute) })
		}, "what it says of itself", false},
		{"when it was opened is changed", func(b *burglar) {
			b.incident(b.life.acked, func(i *escalation.Incident) { i.OpenedAt = i.OpenedAt.Add(time.Hour) })
		}, "the time was changed", false},
		{"an incident is deleted", func(b *burglar) { b.erase(b.life.resolved) }, "it was deleted", false},
		{"an incident is put back to an older state", func(b *burglar) {
			e := b.timeline(b.life.resolved)
			e = e[:len(e)-2]
			b.setTimeline(b.life.resolved, e)
			b.incident(b.life.resolved, func(i *escalation.Incident) { i.Seq, i.Head = len(e), e[len(e)-1].Hash })
			b.bump(b.life.resolved, -1)
		}, "put back to an older state", false},
		{"an incident is added", func(b *burglar) {
			id := []byte(b.life.open)
			id[12] ^= 1
			if !strings.Contains("0123456789abcdefghjkmnpqrstvwxyz", string(id[12:13])) {
				id[12] = '7'
			}
			b.copyIncident(b.life.open, paging.IncidentID(id))
		}, "added past the log", false},
		{"an incident is copied under another key", func(b *burglar) {
			other := map[bool]string{true: "8", false: "7"}[b.life.open[12] == '7']
			id := string(b.life.open[:12]) + other + string(b.life.open[13:])
			for _, name := range []string{"incidents", "heads"} {
				b.put(name, []byte(id), b.get(name, []byte(b.life.open)))
			}
		}, "it is there twice", false},
		{"an incident is changed and its revision moved on", func(b *burglar) {
			b.incident(b.life.acked, func(i *escalation.Incident) { i.Title = "Nothing." })
			b.bump(b.life.acked, 1)
		}, "changed past the log", false},
		{"a member is deleted", func(b *burglar) {
			b.delete("members", b.keys("members", string(b.life.open)+"\x00")[0])
		}, "members were deleted", false},
		{"a member is changed", func(b *burglar) {
			b.member(b.life.open, func(m *escalation.Member) { m.Title = "Nothing." })
		}, "its members are not those", false},
		{"the receipt of an attempt is changed", func(b *burglar) {
			b.attempt(b.life.open, func(a *paging.Attempt) { a.State = paging.Failed })
		}, "its attempts are not those", false},
		{"the recipient of an attempt is changed", func(b *burglar) {
			b.attempt(b.life.open, func(a *paging.Attempt) { a.Address = "+12025550199" })
		}, "its attempts are not those", false},
		{"an attempt is deleted", func(b *burglar) {
			b.delete("attempts", b.keys("attempts", string(b.life.open)+"-")[0])
		}, "which is not there", false},
	}
}

func withConfig() []tampering {
	return []tampering{
		{"a revision of the configuration is changed", func(b *burglar) {
			_, v := b.value("config", 1)
			v = bytes.Clone(v)
			v[len(v)-1] ^= 1
			b.setValue("config", 1, v)
		}, "its content is not what the log saw", false},
		{"a revision of the configuration is deleted", func(b *burglar) { b.delete("series", seriesKey("config", 1)) }, "it was deleted", false},
		{"a revision of the configuration is added", func(b *burglar) {
			head, v := b.value("config", 2)
			b.put("series", seriesKey("config", 3), append(bytes.Clone(head), v...))
		}, "config revision 3: no record tells of it", false},
		{"an override is arranged past the log", func(b *burglar) {
			head, v := b.value("overlay", 1)
			b.put("series", seriesKey("overlay", 2), append(bytes.Clone(head), v...))
		}, "overlay revision 2: no record tells of it", false},
	}
}

// TestTampering plants each kind of tampering in a copy of a real store, and ensures that it
// is found, while the untouched copy is clean.
func TestTampering(t *testing.T) {
	w := apptest.New(t, apptest.Bolt, config)
	g := w.Run()
	l := live(t, w, g, "")
	rearrange(t, w, g)
	require.NoError(t, g.Stop())
	s := breakIn(t, w.Store, l, func(*burglar) {})
	require.Empty(t, verify(t, s).Findings, "nothing was touched")
	head, err := auditor.Head(t.Context(), s)
	require.NoError(t, err)
	require.Empty(t, problems(anchored(t, s, head)), "the anchor holds")

	kinds := slices.Concat(withLog(), withTimeline(), withIncident(), withConfig())
	require.GreaterOrEqual(t, len(kinds), 20)
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			s := breakIn(t, w.Store, l, kind.do)
			if kind.anchor {
				require.NotContains(t, strings.Join(problems(verify(t, s)), "\n"), kind.found)
				require.Contains(t, strings.Join(problems(anchored(t, s, head)), "\n"), kind.found)
				return
			}
			require.Contains(t, strings.Join(problems(verify(t, s)), "\n"), kind.found)
		})
	}
}
