package history

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/configs"
	"tocsin/configs/edit"
	"tocsin/schedules"
)

func set(path string, value any) []edit.Op { return []edit.Op{{Op: "set", Path: path, Value: value}} }

// A plan stores nothing; what says the same as the active revision makes no new one; and the
// first revision of all has a whole file as its difference.
func TestPlanStoresNothing(t *testing.T) {
	w := newWorld(t)
	first, err := w.Plan(t.Context(), Proposal{Bundle: files(), Author: "ana", Reason: "the first"}, noon)
	require.NoError(t, err)
	require.Equal(t, uint64(1), first.Revision.Number)
	require.Contains(t, first.Text, "+config_mode: files # edited in place\n")
	_, err = w.Load(t.Context())
	require.ErrorIs(t, err, ErrNone)
	_, err = w.Revision(t.Context(), 0)
	require.ErrorIs(t, err, ErrNone)

	applied := w.applies(Proposal{Bundle: files(), Author: "ana", Reason: "the first"}, noon)
	require.Equal(t, first, applied, "the plan said what apply did")
	for _, do := range []func() (Change, error){
		func() (Change, error) {
			return w.Plan(t.Context(), Proposal{Bundle: files(), Author: "ben"}, noon.Add(time.Hour))
		},
		func() (Change, error) {
			return w.Apply(t.Context(), Proposal{Bundle: files(), Author: "ben"}, noon.Add(time.Hour))
		},
		func() (Change, error) { return w.Apply(t.Context(), Proposal{Rollback: 1}, noon.Add(time.Hour)) },
	} {
		same, err := do()
		require.NoError(t, err)
		require.True(t, same.Unchanged)
		require.Equal(t, applied.Revision, same.Revision, "who is said to have applied it is who did")
		require.Empty(t, same.Text)
		require.NotNil(t, same.Handovers, "an empty list for scripts, not null")
	}
	list, err := w.List(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, []Meta{applied.Revision}, list)
}

// A proposal is exactly one of files, edits and a rollback, and names what exists.
func TestProposalsThatCannotBe(t *testing.T) {
	w := newWorld(t)
	w.applies(Proposal{Bundle: files()}, noon)
	ops := set("repeat", 1)
	for name, p := range map[string]Proposal{
		"none": {}, "files and edits": {Bundle: rotation("[ana]"), Ops: ops}, "files and rollback": {Bundle: rotation("[ana]"), Rollback: 1},
		"edits and rollback": {Ops: ops, Rollback: 1}, "all": {Bundle: rotation("[ana]"), Ops: ops, Rollback: 1},
	} {
		_, err := w.Plan(t.Context(), p, noon)
		refuses(t, err, "exactly one of files, edits and a rollback")
		_, err = w.Apply(t.Context(), p, noon)
		refuses(t, err, "exactly one of files, edits and a rollback")
		require.Equal(t, uint64(1), w.loads().Head.Config, name)
	}
	_, err := w.Plan(t.Context(), Proposal{Rollback: 9}, noon)
	require.ErrorIs(t, err, ErrNoRevision)
	_, err = w.Plan(t.Context(), Proposal{Bundle: files(), Parent: 9}, noon)
	require.ErrorIs(t, err, ErrNoRevision)
	refuses(t, second(w.Plan(t.Context(), Proposal{Ops: set("repeat", 1)}, noon)), "kept in files (config_mode: files)")
	w.applies(Proposal{Bundle: managed()}, noon)
	var edited *edit.Error
	_, err = w.Plan(t.Context(), Proposal{Ops: set("schedules[teem].layers[primary].rotation.every", "2 weeks")}, noon)
	require.ErrorAs(t, err, &edited)
	var problems configs.Problems
	_, err = w.Plan(t.Context(), Proposal{Bundle: rotation("[ana, zoe]"), Parent: 2}, noon)
	require.ErrorAs(t, err, &problems)
	require.ErrorContains(t, err, "tocsin.yaml:13:")
	require.ErrorContains(t, err, "zoe")
	_, err = w.Plan(t.Context(), Proposal{Bundle: rotation("[ana, dana]"), Parent: 2, Rollout: "later"}, noon)
	require.ErrorContains(t, err, "after-current-shift", "a mode that is unknown is told with those that are")
}

// Whoever made a change from an older revision learns what came in between, as a diff from
// theirs to the active one, who made it, and nothing is stored.
func TestConflict(t *testing.T) {
	w := newWorld(t)
	w.applies(Proposal{Bundle: files(), Author: "ana"}, noon)
	w.applies(Proposal{Bundle: rotation("[ana, ben]"), Author: "ben"}, noon)
	w.applies(Proposal{Bundle: rotation("[ana, dana]"), Author: "chidi"}, noon)
	for _, do := range []func(Proposal) (Change, error){
		func(p Proposal) (Change, error) { return w.Plan(t.Context(), p, noon) },
		func(p Proposal) (Change, error) { return w.Apply(t.Context(), p, noon) },
	} {
		_, err := do(Proposal{Bundle: rotation("[dana]"), Parent: 1})
		var conflict *ConflictError
		require.ErrorAs(t, err, &conflict)
		require.Equal(t, uint64(1), conflict.Parent.Number)
		require.Equal(t, uint64(3), conflict.Active.Number)
		require.Contains(t, conflict.Diff, "-        rotation: { every: 1 week, start: 2026-03-02T09:00, participants: [ana, ben, chidi] }\n"+
			"+        rotation: { every: 1 week, start: 2026-03-02T09:00, participants: [ana, dana] }\n")
		require.NotContains(t, conflict.Diff, "[ana, ben] }", "what was in between and is gone is no difference")
		require.Contains(t, err.Error(), "by chidi is in force; the change was made from r1 ")
		require.Contains(t, err.Error(), conflict.Diff)
	}
	require.Equal(t, uint64(3), w.loads().Head.Config)
}

// late is a store on which somebody else applies just before an Append.
type late struct {
	Series
	before func()
}

func (l *late) Append(ctx context.Context, series string, after uint64, token string, value []byte) error {
	if l.before != nil {
		before := l.before
		l.before = nil
		before()
	}
	return l.Series.Append(ctx, series, after, token, value)
}

// Between working a proposal out and storing it somebody else may apply another: then the
// proposal is refused with what that one changed, even when it names no parent.
func TestConflictAtTheLastInstant(t *testing.T) {
	w := newWorld(t)
	w.applies(Proposal{Bundle: files()}, noon)
	slow := w.process(look)
	slow.Series = &late{w.store, func() { w.applies(Proposal{Bundle: rotation("[ana, dana]"), Author: "dana"}, noon) }}
	_, err := slow.Apply(t.Context(), Proposal{Bundle: rotation("[ana, ben]")}, noon)
	var conflict *ConflictError
	require.ErrorAs(t, err, &conflict)
	require.Contains(t, conflict.Diff, "+        rotation: { every: 1 week, start: 2026-03-02T09:00, participants: [ana, dana] }")
	require.Equal(t, rotation("[ana, dana]").Files, w.loads().Revision.Bundle.Files)
}

// A rollback is a new revision with the old bytes; one of a rollback has the bytes of the
// revision that it names, and the history tells whose files they are.
func TestRollbackOfARollback(t *testing.T) {
	w := newWorld(t)
	one, two := files(), rotation("[ana, dana]")
	w.applies(Proposal{Bundle: one}, noon)
	w.applies(Proposal{Bundle: two}, noon)
	w.applies(Proposal{Rollback: 1, Author: "ana", Reason: "too early"}, noon)
	require.Equal(t, one.Files, w.loads().Revision.Bundle.Files)
	w.applies(Proposal{Rollback: 2}, noon)
	require.Equal(t, two.Files, w.loads().Revision.Bundle.Files)
	w.applies(Proposal{Rollback: 3}, noon)
	require.Equal(t, one.Files, w.loads().Revision.Bundle.Files)
	list, err := w.List(t.Context(), 10)
	require.NoError(t, err)
	var of []uint64
	for i, m := range list {
		require.Equal(t, uint64(5-i), m.Number)
		require.Equal(t, m.Number-1, m.Parent)
		of = append(of, m.Of)
	}
	require.Equal(t, []uint64{3, 2, 1, 0, 0}, of)
	require.Equal(t, list[0].Hash, list[2].Hash)
	require.Equal(t, FromRollback, list[2].Origin)
	require.Equal(t, "too early", list[2].Reason)
	require.Len(t, must(w.List(t.Context(), 2)), 2)
}

func second[T any](_ T, err error) error { return err }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Two changes in a row, at different times and then at once: whoever is on call stays so each
// time, what was is still shown as it was, and the pins of the first do not outlive the second.
func TestPinsOfTwoChanges(t *testing.T) {
	w := newWorld(t)
	w.applies(Proposal{Bundle: files()}, noon)
	now := func(layer string, at time.Time, want ...schedules.UserID) {
		t.Helper()
		require.Equal(t, want, w.holder(layer, at), "%s at %s", layer, at)
	}
	now("primary", noon, "ana")
	now("secondary", noon, "ben")
	w.applies(Proposal{Bundle: rotation("[chidi, dana, ana]")}, noon)
	now("primary", noon, "ana")
	now("secondary", noon, "ben")
	pinned := w.loads().Revision.Pins["team"]
	require.NotEmpty(t, pinned)

	w.applies(Proposal{Bundle: rotation("[dana, ben, ana, chidi]")}, noon.Add(time.Hour))
	now("primary", noon.Add(time.Hour), "ana")
	now("secondary", noon.Add(time.Hour), "ben")
	week := 7 * 24 * time.Hour
	for week2, at := w.holder("primary", noon.Add(week))[0], 1; at < 8; at++ { // then the order is the last one's
		order := []schedules.UserID{"dana", "ben", "ana", "chidi"}
		begin := 0
		for order[begin] != week2 {
			begin++
		}
		now("primary", noon.Add(time.Duration(at)*week), order[(begin+at-1)%4])
	}
	now("primary", noon.Add(-24*time.Hour), "ana")

	late := noon.Add(3 * week)
	before := w.holder("primary", late)
	past := w.holder("primary", noon.Add(week))
	change := w.applies(Proposal{Rollback: 1}, late)
	require.Equal(t, before, w.holder("primary", late), "a rollback moves nobody's shift either")
	require.Equal(t, past, w.holder("primary", noon.Add(week)), "the past stays as it was")
	require.NotEmpty(t, change.Handovers)
	for _, h := range change.Handovers {
		require.False(t, h.From.Before(late), "%+v", h)
	}
}

// refuseBuild builds nothing that contains a word.
func refuseBuild(word string) func(configs.Bundle) (*configs.Config, error) {
	return func(b configs.Bundle) (*configs.Config, error) {
		if strings.Contains(string(b.Files[0].Data), word) {
			return nil, configs.Problems{{File: "tocsin.yaml", Message: "a secret is missing here"}}
		}
		return look(b)
	}
}

// An active revision that a process cannot build is no obstacle to a better one: the process may
// plan, roll back and apply, on the arrangements that there are. Without anybody's fault it
// cannot load it.
func TestABrokenActiveRevision(t *testing.T) {
	w := newWorld(t)
	w.applies(Proposal{Bundle: files()}, noon)
	w.applies(Proposal{Bundle: files("# edited in place", "# broken there"), Author: "dana"}, noon)
	w.arranges(noon, AddOverride(today(t, schedules.Override{Type: schedules.Replace, Remove: "ana", Add: "ben", Layers: []string{"primary"}})))
	other := w.process(refuseBuild("broken there"))
	var problems configs.Problems
	_, err := other.Load(t.Context())
	require.ErrorAs(t, err, &problems)
	_, err = other.Apply(t.Context(), Proposal{Bundle: files("# edited in place", "# still broken there")}, noon)
	require.ErrorAs(t, err, &problems, "one that cannot be built here is never applied from here")

	plan, err := other.Plan(t.Context(), Proposal{Rollback: 1}, noon)
	require.NoError(t, err)
	require.Equal(t, uint64(3), plan.Revision.Number)
	require.Contains(t, plan.Text, "-config_mode: files # broken there\n+config_mode: files # edited in place\n")
	reordered := rotation("[chidi, ana]")
	plan, err = other.Plan(t.Context(), Proposal{Bundle: reordered}, noon)
	require.NoError(t, err)
	require.NotEmpty(t, plan.Handovers, "comparing needs no secrets")
	require.False(t, plan.Handovers[0].From.Before(noon.Add(5*24*time.Hour)), "whoever is on call stays so: %+v", plan.Handovers[0])
	_, err = other.Apply(t.Context(), Proposal{Rollback: 1}, noon)
	require.NoError(t, err)
	a, err := other.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(2), a.Revision.Parent)
	require.Equal(t, []schedules.UserID{"ben"}, a.Config.Book().Schedules["team"].On("primary", noon, nil), "the arrangement holds")
}

// An edit changes one value: comments, other files and calendars keep every byte. What is kept
// in files is not edited.
func TestEditKeepsTheRest(t *testing.T) {
	w := newWorld(t)
	yaml := strings.Replace(string(managed().Files[0].Data), "      - name: secondary\n        rotation: { of: primary, offset: 1 }\n",
		"      - name: guests # from their own calendar\n        calendar: { file: guests.ics }\n", 1)
	calendar := configs.File{Name: "guests.ics", Data: []byte("BEGIN:VCALENDAR\r\nX-ODD:\xff \r\nEND:VCALENDAR\r\n")}
	extra := configs.File{Name: "z.yaml", Data: []byte("# nothing yet\nteams: [{ name: all, members: [ana, ben] }]\n")}
	b := configs.Bundle{Files: []configs.File{{Name: "tocsin.yaml", Data: []byte(yaml)}, calendar, extra}}
	w.applies(Proposal{Bundle: &b}, noon)
	change := w.applies(Proposal{Ops: set("schedules[team].layers[primary].rotation.every", "2 weeks")}, noon)
	require.Equal(t, FromEdit, change.Revision.Origin)
	got := map[string]string{}
	for _, f := range w.loads().Revision.Bundle.Files {
		got[f.Name] = string(f.Data)
	}
	require.Equal(t, map[string]string{
		"tocsin.yaml": strings.Replace(yaml, "every: 1 week", "every: 2 weeks", 1), "guests.ics": string(calendar.Data), "z.yaml": string(extra.Data),
	}, got)

	_, err := w.Apply(t.Context(), Proposal{Bundle: files()}, noon)
	refuses(t, err, "this installation is managed")
	require.Equal(t, uint64(2), w.loads().Head.Config)
	w.applies(Proposal{Bundle: files(), Parent: 2}, noon)
	_, err = w.Plan(t.Context(), Proposal{Ops: set("schedules[team].layers[primary].rotation.every", "3 weeks")}, noon)
	refuses(t, err, "kept in files (config_mode: files)")
}

// What a newer version wrote is left alone: nothing is applied on top of it, the newer value
// stays the last one, and it is told as such and not as damage.
func TestRevisionOfANewerVersion(t *testing.T) {
	w := newWorld(t)
	w.applies(Proposal{Bundle: files()}, noon)
	newer, err := pack(map[string]any{"v": format + 1, "bundle": "of another shape"})
	require.NoError(t, err)
	w.puts(configSeries, newer)
	_, err = w.Load(t.Context())
	require.ErrorIs(t, err, ErrNewer)
	require.ErrorContains(t, err, "revision 2")
	for name, p := range map[string]Proposal{
		"files": {Bundle: rotation("[ana, dana]")}, "a rollback": {Rollback: 1}, "an old parent": {Bundle: rotation("[ana, dana]"), Parent: 1},
	} {
		_, err = w.Apply(t.Context(), p, noon)
		require.ErrorIs(t, err, ErrNewer, name)
	}
	head, err := w.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, Head{Config: 2}, head)
	old, err := w.Revision(t.Context(), 1)
	require.NoError(t, err, "older ones are still readable")
	require.Equal(t, files().Files, old.Bundle.Files)
}

// A value that is damaged is told with its number, never taken for a configuration, and never
// makes the program fall over.
func TestDamagedValues(t *testing.T) {
	whole, err := pack(Revision{Meta: Meta{Format: format}, Bundle: *files()})
	require.NoError(t, err)
	plain, err := pack("a string")
	require.NoError(t, err)
	noFiles, err := pack(Revision{Meta: Meta{Format: format}})
	require.NoError(t, err)
	flipped := append([]byte{}, whole...)
	flipped[len(flipped)/2] ^= 0x40
	for name, value := range map[string][]byte{
		"empty": {}, "no gzip": []byte(team), "cut off": whole[:len(whole)/2], "flipped bit": flipped, "not an object": plain, "no files": noFiles,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.applies(Proposal{Bundle: files()}, noon)
			w.puts(configSeries, value)
			_, err := w.Load(t.Context())
			require.Error(t, err)
			require.NotErrorIs(t, err, ErrNewer)
			require.NotErrorIs(t, err, ErrNone)
			if problems := (configs.Problems)(nil); !errors.As(err, &problems) {
				require.ErrorContains(t, err, "revision 2")
			}
		})
	}
}
