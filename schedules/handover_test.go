package schedules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Ensures that a change is told as the shifts that move, per layer and on the whole, with who
// had and who gets them.
func TestHandovers(t *testing.T) {
	old, next := berlin(weekly("primary", "ana ben")), berlin(weekly("primary", "ana chidi"), weekly("extra", "ana"))
	from, to := instant(t, "2026-11-23T09:00:00+01:00"), instant(t, "2026-12-08T09:00:00+01:00")
	monday, week := instant(t, "2026-11-30T08:00:00Z"), 7*24*time.Hour
	got := Handovers(compiled(t, old), compiled(t, next), from, to)
	for i := range got {
		got[i].From, got[i].To = got[i].From.UTC(), got[i].To.UTC()
	}
	ana, ben, chidi := []UserID{"ana"}, []UserID{"ben"}, []UserID{"chidi"}
	assert.Equal(t, []Handover{
		{From: from.UTC(), To: to.UTC(), Layer: "extra", After: ana},
		{From: monday, To: monday.Add(week), Before: ben, After: []UserID{"chidi", "ana"}},
		{From: monday, To: monday.Add(week), Layer: "primary", Before: ben, After: chidi},
	}, got)
	assert.Empty(t, Handovers(compiled(t, old), compiled(t, old), from, to))
}

// Ensures that an instant is in a handover exactly when other people are on call then, that
// neighbours differ, and that they are in order.
func TestHandoversAreTheDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		home := rapid.SampledFrom(trickyZones).Draw(t, "zone")
		centre := drawAround(t, home)
		a, b := compiled(t, drawSpec(t, home, centre)), compiled(t, drawSpec(t, home, centre))
		checkHandovers(t, a, b, centre-3*daySeconds, centre+3*daySeconds)
	})
}

func checkHandovers(t *rapid.T, a, b *Schedule, from, to int64) {
	spans := Handovers(a, b, at(from), at(to))
	last := map[string]Handover{}
	for i, h := range spans {
		require.True(t, h.From.Before(h.To) && !h.From.Before(at(from)) && !h.To.After(at(to)))
		require.True(t, i == 0 || !h.From.Before(spans[i-1].From))
		if l, ok := last[h.Layer]; ok {
			require.False(t, h.From.Before(l.To))
			require.False(t, h.From.Equal(l.To) && samePeople(h.Before, l.Before) && samePeople(h.After, l.After), "the span is not maximal")
		}
		last[h.Layer] = h
	}
	instants := []int64{from, to - 1}
	for range 20 {
		instants = append(instants, rapid.Int64Range(from, to-1).Draw(t, "asked"))
	}
	for _, h := range spans {
		instants = append(instants, h.From.Unix()-1, h.From.Unix(), h.To.Unix()-1, h.To.Unix())
	}
	for _, u := range instants {
		if u < from || u >= to {
			continue
		}
		for _, layer := range append(a.Layers(), "", "b", "c") {
			before, after := a.On(layer, at(u), nil), b.On(layer, at(u), nil)
			inside := false
			for _, h := range spans {
				if h.Layer == layer && !at(u).Before(h.From) && at(u).Before(h.To) {
					inside = true
					require.True(t, samePeople(before, h.Before) && samePeople(after, h.After))
				}
			}
			require.Equal(t, !samePeople(before, after), inside, "layer %q at %s: %v, %v", layer, at(u), before, after)
		}
	}
}
