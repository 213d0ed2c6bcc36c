package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/configs"
	"tocsin/schedules"
)

// arranges is Arrange for what must be taken.
func (w world) arranges(now time.Time, change func(*Overlay, *configs.Config) error) Overlay {
	w.t.Helper()
	o, err := w.Arrange(w.t.Context(), "a test", now, change)
	require.NoError(w.t, err)
	return o
}

// today is an override of the whole day of noon.
func today(t *testing.T, o schedules.Override) Override {
	o.From, o.To = civil(t, "2026-03-03T00:00"), civil(t, "2026-03-04T00:00")
	return Override{Schedule: "team", Override: o, Author: "a test", At: noon}
}

// Sixteen who arrange something at the same instant, from two processes, are all kept, each
// under an ID of its own, and the overlay counts every one of them.
func TestArrangeAtTheSameTime(t *testing.T) {
	w := newWorld(t)
	w.applies(Proposal{Bundle: files()}, noon)
	other := w.process(look)
	const people = 16
	errs := make([]error, people)
	var all sync.WaitGroup
	for i := range people {
		h := w.History
		if i%2 == 1 {
			h = other
		}
		all.Go(func() {
			x := today(t, schedules.Override{Type: schedules.Addition, Add: "dana"})
			x.Reason = fmt.Sprint(i)
			_, errs[i] = h.Arrange(t.Context(), "a test", noon, AddOverride(x))
		})
	}
	all.Wait()
	ids, reasons := map[string]bool{}, map[string]bool{}
	for _, err := range errs {
		require.NoError(t, err)
	}
	o := w.loads().Overlay
	for _, x := range o.Overrides {
		ids[x.Override.ID], reasons[x.Reason] = true, true
	}
	require.Len(t, ids, people)
	require.Len(t, reasons, people)
	require.Equal(t, uint64(people), o.Number)
	require.Equal(t, people, o.Next)
}

// Of several who take the same cover at the same time exactly one has it, and each of the others
// learns who that is.
func TestTakeCoverAtTheSameTime(t *testing.T) {
	w := newWorld(t)
	w.applies(Proposal{Bundle: files()}, noon)
	o := w.arranges(noon, AskCover(Cover{Schedule: "team", User: "ana", From: civil(t, "2026-03-03T00:00"), To: civil(t, "2026-03-04T00:00")}))
	id := o.Covers[0].ID
	users := []schedules.UserID{"ben", "chidi", "dana"}
	errs := make([]error, len(users))
	var all sync.WaitGroup
	for i, u := range users {
		all.Go(func() { _, errs[i] = w.Arrange(t.Context(), "a test", noon, TakeCover(id, u, noon)) })
	}
	all.Wait()
	taker := w.loads().Overlay.Covers[0].TakenBy
	for i, u := range users {
		if u == taker {
			require.NoError(t, errs[i])
			continue
		}
		refuses(t, errs[i], string(taker)+" has taken "+id+" already, at 2026-03-03T12:00:00Z")
	}
	require.Contains(t, users, taker)
	require.Equal(t, []schedules.UserID{taker}, w.holder("primary", noon))
}

// What no configuration has a place for is refused with a sentence, and nothing is stored.
func TestArrangeRefuses(t *testing.T) {
	w := newWorld(t)
	w.applies(Proposal{Bundle: files()}, noon)
	asked := w.arranges(noon, AskCover(Cover{Schedule: "team", User: "ana", From: civil(t, "2026-03-03T00:00"), To: civil(t, "2026-03-04T00:00")}))
	id := asked.Covers[0].ID
	add := func(o schedules.Override, change func(*Override)) func(*Overlay, *configs.Config) error {
		x := today(t, o)
		if change != nil {
			change(&x)
		}
		return AddOverride(x)
	}
	dana := schedules.Override{Type: schedules.Addition, Add: "dana"}
	backwards := func(x *Override) { x.Override.From, x.Override.To = x.Override.To, x.Override.From }
	ask := func(c Cover) func(*Overlay, *configs.Config) error {
		if c.Schedule == "" {
			c.Schedule = "team"
		}
		return AskCover(c)
	}
	from, to := civil(t, "2026-03-03T00:00"), civil(t, "2026-03-04T00:00")
	for _, tc := range []struct {
		name, says string
		change     func(*Overlay, *configs.Config) error
	}{
		{"unknown user", `there is no user "zoe"`, add(schedules.Override{Type: schedules.Addition, Add: "zoe"}, nil)},
		{"unknown in a swap", `there is no user "zoe"`, add(schedules.Override{Type: schedules.Swap, A: schedules.SwapSide{User: "ana"}, B: schedules.SwapSide{User: "zoe"}}, nil)},
		{"unknown schedule", `there is no schedule "teem"; there are [team]`, add(dana, func(x *Override) { x.Schedule = "teem" })},
		{"unknown layer", `layer "third"`, add(dana, func(x *Override) { x.Override.Layers = []string{"third"} })},
		{"one layer of two unknown", `layer "third"`, add(dana, func(x *Override) { x.Override.Layers = []string{"primary", "third"} })},
		{"ends before it begins", "2026-03-04T00:00", add(dana, backwards)},
		{"unknown type", "use replace, add, remove, only or swap", add(schedules.Override{Type: "instead", Add: "dana"}, nil)},
		{"nobody named", "exactly one person", add(schedules.Override{Type: schedules.Removal}, nil)},
		{"no such thing", `there is no override or request for cover "o99" here`, RemoveOverride("o99")},
		{"cover of nobody", `there is no user ""`, ask(Cover{From: from, To: to})},
		{"cover on an unknown layer", `layer "third"`, ask(Cover{User: "ana", From: from, To: to, Layers: []string{"third"}})},
		{"cover backwards", "not after it begins", ask(Cover{User: "ana", From: to, To: from})},
		{"cover without a begin", "0000", ask(Cover{User: "ana", To: to})},
		{"cover on an unknown schedule", `there is no schedule "teem"`, ask(Cover{Schedule: "teem", User: "ana", From: from, To: to})},
		{"taken by nobody", `there is no user ""`, TakeCover(id, "", noon)},
		{"taken by a stranger", `there is no user "zoe"`, TakeCover(id, "zoe", noon)},
		{"own cover", "ana asked for this cover; somebody else has to take it", TakeCover(id, "ana", noon)},
		{"no such cover", `there is no request for cover "c99"`, TakeCover("c99", "ben", noon)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := w.Arrange(t.Context(), "a test", noon, tc.change)
			refuses(t, err, tc.says)
			require.Equal(t, asked, w.loads().Overlay, "nothing was stored")
		})
	}
}

// An arrangement is kept for 90 days after its end, and a swap for as long after its later side;
// then it is forgotten, and its ID is never given again.
func TestWhatIsOverIsForgotten(t *testing.T) {
	w := newWorld(t)
	w.applies(Proposal{Bundle: files()}, noon)
	w.arranges(noon, AddOverride(today(t, schedules.Override{Type: schedules.Addition, Add: "dana"}))) // o1, over on 4 March
	w.arranges(noon, AddOverride(Override{Schedule: "team", Override: schedules.Override{
		Type: schedules.Swap, // o2, over on 24 March
		A:    schedules.SwapSide{User: "ana", From: civil(t, "2026-03-03T00:00"), To: civil(t, "2026-03-04T00:00")},
		B:    schedules.SwapSide{User: "chidi", From: civil(t, "2026-03-23T00:00"), To: civil(t, "2026-03-24T00:00")},
	}}))
	w.arranges(noon, AskCover(Cover{Schedule: "team", User: "ana", From: civil(t, "2026-03-03T00:00"), To: civil(t, "2026-03-04T00:00")})) // c3
	ids := func(at string) []string {
		now, err := time.Parse(time.RFC3339, at)
		require.NoError(t, err)
		o := w.loads().Overlay.copied(now)
		ids := []string{}
		for _, x := range o.Overrides {
			ids = append(ids, x.Override.ID)
		}
		for _, c := range o.Covers {
			ids = append(ids, c.ID)
		}
		return ids
	}
	require.Equal(t, []string{"o1", "o2", "c3"}, ids("2026-06-02T23:00:00Z"), "the 90th day")
	require.Equal(t, []string{"o2"}, ids("2026-06-04T00:00:00Z"))
	require.Empty(t, ids("2026-06-24T00:00:00Z"))

	june := time.Date(2026, 6, 24, 0, 0, 0, 0, time.UTC)
	o := w.arranges(june, AddOverride(Override{Schedule: "team", Override: schedules.Override{
		Type: schedules.Addition, Add: "dana", From: civil(t, "2026-06-24T00:00"), To: civil(t, "2026-06-25T00:00"),
	}}))
	require.Len(t, o.Overrides, 1)
	require.Empty(t, o.Covers)
	require.Equal(t, "o4", o.Overrides[0].Override.ID)
}

// When a change of the configuration takes away whom an arrangement needs, the arrangement is
// reported as skipped and left out, others go on and can be made; a rollback brings it back.
func TestArrangementsOutliveAChange(t *testing.T) {
	w := newWorld(t)
	w.applies(Proposal{Bundle: files()}, noon)
	w.arranges(noon, AddOverride(today(t, schedules.Override{Type: schedules.Replace, Remove: "ana", Add: "ben", Layers: []string{"primary"}})))
	require.Equal(t, []schedules.UserID{"ben"}, w.holder("primary", noon))

	without := files("[ana, ben, chidi]", "[ana, chidi]", "  - { name: ben, contacts: [{ name: mobile, sms: '+12025550102' }] }\n", "")
	change := w.applies(Proposal{Bundle: without}, noon)
	require.Equal(t, []string{`schedule team, override o1: user "ben" is gone`}, change.Skipped)
	require.Equal(t, []schedules.UserID{"ana"}, w.holder("primary", noon))
	require.Len(t, w.loads().Config.Skipped(), 1)
	require.Len(t, w.loads().Overlay.Overrides, 1, "it is not lost")

	w.arranges(noon, AddOverride(today(t, schedules.Override{Type: schedules.Addition, Add: "dana", Layers: []string{"primary"}})))
	require.Equal(t, []schedules.UserID{"ana", "dana"}, w.holder("primary", noon))

	back := w.applies(Proposal{Rollback: 1}, noon)
	require.Empty(t, back.Skipped)
	require.Equal(t, []schedules.UserID{"ben", "dana"}, w.holder("primary", noon))
}

// What an overlay says survives the store. One that a newer version wrote, or that is damaged, is
// left out and never replaced: the configuration is in force without it, and says so.
func TestOverlayOfANewerVersion(t *testing.T) {
	w := newWorld(t)
	w.applies(Proposal{Bundle: files()}, noon)
	want := w.arranges(noon, AddOverride(today(t, schedules.Override{Type: schedules.Addition, Add: "dana"})))
	got, err := w.Overlay(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, got)

	newer, err := pack(map[string]any{"v": format + 1, "overrides": "of another shape"})
	require.NoError(t, err)
	for n, value := range [][]byte{newer, []byte("damaged"), {}} {
		w.puts(overlaySeries, value)
		a := w.loads()
		require.ErrorContains(t, a.Left, fmt.Sprintf("overlay %d", n+2))
		require.Equal(t, n == 0, errors.Is(a.Left, ErrNewer))
		require.Equal(t, []schedules.UserID{"ana"}, w.holder("primary", noon))
		_, err = w.Arrange(t.Context(), "a test", noon, RemoveOverride("o1"))
		require.ErrorContains(t, err, fmt.Sprintf("overlay %d", n+2))
		head, err := w.Head(t.Context())
		require.NoError(t, err)
		require.Equal(t, Head{Config: 1, Overlay: uint64(n + 2)}, head)
	}
}

// The JSON of an override says only what it holds: no empty sides of a swap.
func TestOverrideJSON(t *testing.T) {
	raw, err := json.Marshal(today(t, schedules.Override{Type: schedules.Addition, Add: "dana"}))
	require.NoError(t, err)
	require.JSONEq(t, `{"schedule":"team","author":"a test","at":"2026-03-03T12:00:00Z",
	 "override":{"type":"add","from":"2026-03-03T00:00","to":"2026-03-04T00:00","add":"dana"}}`, string(raw))
}
