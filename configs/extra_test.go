package configs

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/schedules"
)

// It ensures that With adds overrides after those of the files and applies pins, in a
// copy: the configuration itself, its book and its specs stay as they are.
func TestWith(t *testing.T) {
	c := loadExample(t, "p0-p3.yaml")
	book, specs := c.Book(), c.Specs()
	at := date("2026-03-01T12:00:00Z") // the file replaces ben by ana
	primary := func(c *Config) group { return c.Book().Schedules["core"].On("primary", at, nil) }
	require.Equal(t, group{"ana"}, primary(c))

	cover := schedules.Override{ID: "c1", Type: schedules.Replace, From: civil(t, "2026-03-01T12:00"), To: civil(t, "2026-03-01T14:00"), Remove: "ana", Add: "dana", Layers: []string{"primary"}}
	with, err := c.With(Extra{Overrides: map[string][]schedules.Override{"core": {cover}}, Revision: "r7"})
	require.NoError(t, err)
	assert.Equal(t, group{"dana"}, primary(with))
	assert.Equal(t, "r7", with.Revision())
	assert.Empty(t, with.Skipped())
	assert.Same(t, book, c.Book())
	assert.Equal(t, group{"ana"}, primary(c))
	assert.Equal(t, specs, c.Specs())
	assert.Equal(t, specs, with.Specs(), "specs are what the files say")
	assert.Same(t, book.Schedules["security"], with.Book().Schedules["security"], "what nothing is added to is not compiled again")

	layer := c.Specs()["core"].Layers[0]
	pin := schedules.Pin{Layer: "primary", Since: date("2026-01-12T08:00:00Z"), First: 1, Before: []schedules.Layer{layer}}
	pinned, err := with.With(Extra{Pins: map[string][]schedules.Pin{"core": {pin, {Layer: "gone"}}, "gone": {pin}}})
	require.NoError(t, err)
	assert.Equal(t, c.Revision(), pinned.Revision(), "without a label it is the digest of the files")
	plain, err := with.With(Extra{})
	require.NoError(t, err)
	assert.Equal(t, group{"ana"}, primary(plain), "what an earlier With added is not kept")
	for instant, want := range map[string][2]schedules.UserID{
		"2026-01-06T12:00:00Z": {"ana", "ana"}, // before the pin
		"2026-01-20T12:00:00Z": {"chidi", "ana"},
	} {
		assert.Equal(t, group{want[0]}, c.Book().Schedules["core"].On("primary", date(instant), nil), instant)
		assert.Equal(t, group{want[1]}, pinned.Book().Schedules["core"].On("primary", date(instant), nil), instant)
	}
}

// It ensures that what is gone makes With skip an override, wholly or for that layer, and
// that one that makes no sense is an error.
func TestWithSkips(t *testing.T) {
	c := loadExample(t, "p0-p3.yaml")
	from, to := civil(t, "2026-03-01T12:00"), civil(t, "2026-03-01T14:00")
	o := func(change func(*schedules.Override)) schedules.Override {
		o := schedules.Override{Type: schedules.Addition, From: from, To: to, Add: "dana"}
		change(&o)
		return o
	}
	for want, c2 := range map[string]struct {
		schedule string
		o        schedules.Override
		applied  bool
	}{
		"":                        {"core", o(func(*schedules.Override) {}), true},
		`schedule "gone" is gone`: {"gone", o(func(*schedules.Override) {}), false},
		`user "zoe" is gone`:      {"core", o(func(o *schedules.Override) { o.Add = "zoe" }), false},
		`user "yan" is gone`:      {"core", o(func(o *schedules.Override) { o.Type, o.Remove = schedules.Replace, "yan" }), false},
		`user "xia" is gone`: {"core", schedules.Override{Type: schedules.Only, From: from, To: to,
			Shifts: []schedules.OnlyShift{{From: from, To: to, Users: group{"dana", "xia"}}}}, false},
		`user "wim" is gone`: {"core", schedules.Override{Type: schedules.Swap, A: schedules.SwapSide{User: "wim", From: from, To: to},
			B: schedules.SwapSide{User: "dana", From: from, To: to}}, false},
		`layer "gone" is gone`: {"core", o(func(o *schedules.Override) { o.Layers = []string{"gone"} }), false},
		`layer "old" is gone`:  {"core", o(func(o *schedules.Override) { o.Layers = []string{"old", "primary"} }), true},
	} {
		with, err := c.With(Extra{Overrides: map[string][]schedules.Override{c2.schedule: {c2.o}}})
		require.NoError(t, err, want)
		on := with.Book().Schedules["core"].On("primary", date("2026-03-01T12:00:00Z"), nil)
		assert.Equal(t, c2.applied, assert.ObjectsAreEqual(group{"ana", "dana"}, on), "%s: %s", want, on)
		if want == "" {
			assert.Empty(t, with.Skipped())
			continue
		}
		assert.Equal(t, []Skipped{{c2.schedule, c2.o, want}}, with.Skipped())
	}
	backwards := o(func(o *schedules.Override) { o.From, o.To = to, from })
	_, err := c.With(Extra{Overrides: map[string][]schedules.Override{"core": {backwards}}})
	require.ErrorContains(t, err, `schedule "core"`)
}

// It ensures that the time off of people whom only a pin still knows holds for them.
func TestWithKeepsTimeOffOfThePast(t *testing.T) {
	ben := "users:\n  - { name: ben, away: [{ from: 2026-08-04, to: 2026-08-04 }], contacts: [{ name: mobile, sms: '+12025550102' }] }\n"
	text := strings.Replace(minimal(t), "users:\n", ben, 1) + "schedules:\n  - { name: s, layers: [{ name: l, rotation: { every: 1 week, start: 2026-01-05T09:00, participants: [ana] } }] }\n"
	c, err := Parse("x.yaml", []byte(text), registry(), anyEnv)
	require.NoError(t, err)
	before := c.Specs()["s"].Layers[0]
	before.Rotation.Participants = []group{{"ben"}}
	with, err := c.With(Extra{Pins: map[string][]schedules.Pin{"s": {{Layer: "l", Since: date("2026-08-10T09:00:00Z"), Before: []schedules.Layer{before}}}}})
	require.NoError(t, err)
	for instant, want := range map[string]group{"2026-08-03T12:00:00Z": {"ben"}, "2026-08-04T12:00:00Z": nil, "2026-08-10T12:00:00Z": {"ana"}} {
		assert.Equal(t, want, with.Book().Schedules["s"].On("l", date(instant), nil), instant)
	}
}
