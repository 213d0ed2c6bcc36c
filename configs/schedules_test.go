package configs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"tocsin/configs/examples"
	"tocsin/schedules"
)

type group = []schedules.UserID

func civil(t *testing.T, s string) schedules.Civil {
	t.Helper()
	c, err := schedules.ParseCivil(s)
	require.NoError(t, err)
	return c
}

// It ensures that every key of a schedule arrives where the model has it.
func TestScheduleKeys(t *testing.T) {
	c := loadExample(t, "full.yaml")
	for _, w := range c.Weaknesses(date("2026-10-06T00:00:00Z")) {
		assert.NotContains(t, w.Message, "has nobody on call", "the example shows no gap")
	}
	specs := c.Specs()
	start := civil(t, "2026-01-05T09:00")
	week := schedules.Every{N: 1, Unit: schedules.Week}
	rotation := func(users ...schedules.UserID) (groups []group) {
		for _, u := range users {
			groups = append(groups, group{u})
		}
		return groups
	}
	platform := specs["platform"]
	assert.Equal(t, group{"dana", "ana", "ben", "chidi"}, platform.Fallback) // a person, then a team without that person
	assert.Equal(t, []schedules.Layer{
		{Name: "primary", Role: "primary", Priority: 10,
			Rotation: schedules.Rotation{Every: week, Start: start, Participants: rotation("ana", "ben", "chidi")},
			Away:     schedules.AwayRule{Use: []string{"vacation", "holidays"}}},
		{Name: "secondary", Rotation: schedules.Rotation{Of: "primary", Offset: 1}},
		{Name: "learners", Role: schedules.RoleShadow, TimeZone: "Africa/Lagos",
			Rotation: schedules.Rotation{Every: schedules.Every{N: 1, Unit: schedules.Month}, Start: start, Participants: []group{{"ben", "dana"}, {"chidi"}, nil}}},
	}, platform.Layers)
	require.Len(t, platform.Away, 4) // two of the schedule, two of ana's
	assert.Equal(t, schedules.Away{Users: group{"chidi"}, Kind: "vacation", From: civil(t, "2026-08-01T00:00"), To: civil(t, "2026-08-16T00:00")}, platform.Away[0])
	assert.Equal(t, group{"dana", "ana", "ben"}, platform.Away[1].Users)
	assert.Len(t, platform.Away[1].Spans, 5)
	own := platform.Away[2]
	assert.Equal(t, group{"ana"}, own.Users)
	assert.Equal(t, "2026-07-06T10:00:00Z 2026-07-10T22:00:00Z", own.Spans[0].Start.UTC().Format(time.RFC3339)+" "+own.Spans[0].End.UTC().Format(time.RFC3339))

	day := func(d int) schedules.Civil { return schedules.Civil{Year: 2026, Month: 11, Day: d} }
	noon := schedules.Civil{Year: 2026, Month: 11, Day: 7, Hour: 12}
	assert.Equal(t, []schedules.Override{
		{ID: "ben-moves", Type: schedules.Replace, From: civil(t, "2026-03-01T09:00"), To: civil(t, "2026-03-02T09:00"), Remove: "ben", Add: "ana", Layers: []string{"primary"}},
		{Type: schedules.Addition, From: civil(t, "2026-12-24T09:00"), To: civil(t, "2026-12-27T09:00"), Add: "dana"},
		{Type: schedules.Removal, From: civil(t, "2026-12-24T09:00"), To: civil(t, "2026-12-27T09:00"), Remove: "chidi", Layers: []string{"secondary"}},
		{Type: schedules.Only, From: day(7), To: day(8), Shifts: []schedules.OnlyShift{{From: day(7), To: noon, Users: group{"ana", "dana"}}, {From: noon, To: day(8), Users: group{"ben"}}}},
		{Type: schedules.Only, From: day(14), To: day(15), Add: "dana"},
		{Type: schedules.Swap, A: schedules.SwapSide{User: "ana", From: civil(t, "2026-09-07T09:00"), To: civil(t, "2026-09-14T09:00")},
			B: schedules.SwapSide{User: "ben", From: civil(t, "2026-09-14T09:00"), To: civil(t, "2026-09-21T09:00")}},
	}, platform.Overrides)

	support := specs["support"].Layers
	require.Len(t, support, 4)
	assert.Equal(t, schedules.StepOccurrence, support[0].Rotation.Step)
	assert.Equal(t, []schedules.Window{{Days: []time.Weekday{1, 2, 3, 4}, From: 9 * 3600, To: 17 * 3600}, {Days: []time.Weekday{5}, From: 9 * 3600, To: 86400}}, support[0].Windows)
	assert.Equal(t, schedules.Period{From: start, Until: civil(t, "2036-01-07T00:00")}, support[0].Effective)
	assert.Equal(t, schedules.AwayNextLayer, support[0].Away.Then)
	assert.Equal(t, []schedules.Every{{N: 2, Unit: schedules.Day}, {N: 2, Unit: schedules.Day}, {N: 3, Unit: schedules.Day}}, support[1].Rotation.Sequence)
	assert.Equal(t, []schedules.Window{{From: 20 * 3600, To: 8 * 3600}}, support[1].Windows)
	assert.True(t, support[2].Rotation.Elapsed)
	assert.Equal(t, []schedules.Fixed{
		{From: date("2026-10-17T08:00:00Z"), To: date("2026-10-17T20:00:00Z"), Users: group{"ana"}},
		{From: date("2026-10-18T08:00:00Z"), To: date("2026-10-18T20:00:00Z"), Users: group{"chidi"}},
	}, support[3].Fixed)
}

// It ensures that full.yaml shows every key that the reader takes.
func TestFullShowsEveryKey(t *testing.T) {
	taken := slices.Concat(topLists[:], topSingle[:])
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "mapping" {
				return true
			}
			for _, arg := range call.Args {
				if literal, ok := arg.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					key, _ := strconv.Unquote(literal.Value)
					taken = append(taken, key)
				}
			}
			return true
		})
	}
	require.Greater(t, len(taken), 100)
	data, err := examples.Files.ReadFile("full.yaml")
	require.NoError(t, err)
	var document yaml.Node
	require.NoError(t, yaml.Unmarshal(data, &document))
	shown := map[string]bool{}
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for i, child := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 0 {
				shown[child.Value] = true
			}
			walk(child)
		}
	}
	walk(&document)
	for _, key := range sortedUnique(taken) {
		assert.True(t, shown[key], "full.yaml does not show %q", key)
	}
}

// It ensures what the words for days and times of windows mean, ranges over the end of
// the week included.
func TestWindows(t *testing.T) {
	for yaml, want := range map[string]schedules.Window{
		"{ days: [mo, wed, FRIDAY] }":                  {Days: []time.Weekday{1, 3, 5}, To: 86400},
		"{ days: ['fr:mo'], from: '22:00' }":           {Days: []time.Weekday{5, 6, 0, 1}, From: 79200, To: 86400},
		"{ days: ['monday:friday', su], to: '08:30' }": {Days: []time.Weekday{1, 2, 3, 4, 5, 0}, To: 30600},
		"{ from: '09:00', to: '09:00' }":               {From: 32400, To: 32400},
		"{ from: 08:00:30, to: \"24:00\" }":            {From: 28830, To: 86400},
	} {
		c := scheduleWith(t, "rotation: { every: 1 week, start: 2026-01-05T09:00, participants: [ana] }, windows: ["+yaml+"]", "")
		assert.Equal(t, []schedules.Window{want}, c.Specs()["s"].Layers[0].Windows, yaml)
	}
}

// scheduleWith is the minimal example with schedule s of one layer, and more of the
// schedule and of the user ana.
func scheduleWith(t *testing.T, layer, more string, ana ...string) *Config {
	t.Helper()
	text := strings.Replace(minimal(t), "- { name: ana", "- { name: ana"+strings.Join(ana, ""), 1)
	text += fmt.Sprintf("schedules:\n  - name: s\n    time_zone: Europe/Berlin\n    layers: [{ name: l, %s }]\n%s", layer, more)
	c, err := Parse("x.yaml", []byte(text), registry(), anyEnv)
	require.NoError(t, err)
	return c
}

// It ensures that a date alone is a whole day, that a date with a time is exact, and that
// a person's own time off runs by the person's own clock, also where that clock skips or
// repeats an hour.
func TestAwayTimes(t *testing.T) {
	layer := "rotation: { every: 1 week, start: 2026-01-05T09:00, participants: [ana] }"
	for entry, want := range map[string]string{
		"from: 2026-08-01, to: 2026-08-01":         "2026-08-01T00:00 2026-08-02T00:00",
		"from: 2026-12-31, to: 2026-12-31T12:00":   "2026-12-31T00:00 2026-12-31T12:00",
		"from: '2026-02-28T18:30', to: 2026-02-28": "2026-02-28T18:30 2026-03-01T00:00",
	} {
		away := scheduleWith(t, layer, "    away: [{ user: ana, "+entry+" }]\n").Specs()["s"].Away
		require.Len(t, away, 1)
		assert.Equal(t, want, away[0].From.String()+" "+away[0].To.String())
	}
	for _, c := range []struct{ zone, from, to, want string }{
		{"Asia/Kathmandu", "2026-08-01", "2026-08-01", "2026-07-31T18:15:00Z 2026-08-01T18:15:00Z"},
		{"Europe/Berlin", "2026-03-29T02:30", "2026-03-30", "2026-03-29T01:00:00Z 2026-03-30T22:00:00Z"},       // skipped
		{"America/New_York", "2026-03-07", "2026-03-08T02:30", "2026-03-07T05:00:00Z 2026-03-08T07:00:00Z"},    // skipped
		{"Europe/Berlin", "2026-10-25T02:30", "2026-10-25T02:45", "2026-10-25T00:30:00Z 2026-10-25T01:45:00Z"}, // first and last of two
		{"America/Santiago", "2026-09-06", "2026-09-06", "2026-09-06T04:00:00Z 2026-09-07T03:00:00Z"},          // no midnight
		{"Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-05T01:45:01", "2026-04-04T14:45:00Z 2026-04-04T15:15:01Z"},
		{"UTC", "2024-12-31", "2024-12-31", "2024-12-31T00:00:00Z 2025-01-01T00:00:00Z"},
	} {
		off := scheduleWith(t, layer, "", fmt.Sprintf(", time_zone: %s, away: [{ from: '%s', to: '%s' }]", c.zone, c.from, c.to)).Specs()["s"].Away
		require.Len(t, off, 1)
		s := off[0].Spans[0]
		assert.Equal(t, c.want, s.Start.UTC().Format(time.RFC3339)+" "+s.End.UTC().Format(time.RFC3339), "%+v", c)
	}
}

// It ensures that a person's own time off reaches every schedule in which the person
// serves, the fallback included, and no other.
func TestOwnTimeOffIsForWhoServes(t *testing.T) {
	ben := "users:\n  - { name: ben, away: [{ from: 2026-08-01, to: 2026-08-02 }], contacts: [{ name: mobile, sms: '+12025550102' }] }\n"
	rotation := "rotation: { every: 1 week, start: 2026-01-05T09:00, participants: [ana] }"
	text := strings.Replace(minimal(t), "users:\n", ben, 1) + "schedules:\n" +
		"  - { name: without, layers: [{ name: l, " + rotation + " }] }\n" +
		"  - { name: fallback, fallback: [ben], layers: [{ name: l, " + rotation + " }] }\n" +
		"  - { name: group, layers: [{ name: l, rotation: { every: 1 week, start: 2026-01-05T09:00, participants: [[ana, ben]] } }] }\n"
	c, err := Parse("x.yaml", []byte(text), registry(), anyEnv)
	require.NoError(t, err)
	for name, want := range map[string]int{"without": 0, "fallback": 1, "group": 1} {
		assert.Len(t, c.Specs()[name].Away, want, name)
	}
	assert.Equal(t, group{"ana"}, c.Book().Schedules["group"].On("", date("2026-08-01T12:00:00Z"), nil))
	assert.Equal(t, group{"ana", "ben"}, c.Book().Schedules["group"].On("", date("2026-08-03T12:00:00Z"), nil))
}

// It ensures that a kind of time off that looks like a typing error is a warning, and one
// that nobody uses yet is not.
func TestKindsOfTimeOff(t *testing.T) {
	layer := "rotation: { every: 1 week, start: 2026-01-05T09:00, participants: [ana] }, away: { use: [%s] }"
	away := "    away: [{ user: ana, kind: vacation, from: 2026-08-01, to: 2026-08-02 }]\n"
	assert.Empty(t, scheduleWith(t, fmt.Sprintf(layer, "vacation, illness"), away).Warnings())
	warnings := scheduleWith(t, fmt.Sprintf(layer, "vacaton"), away).Warnings()
	require.Len(t, warnings, 1)
	assert.Contains(t, warnings[0].Message, `no time off is of kind "vacaton"; did you mean "vacation"?`)
}

// It ensures the modes of the configuration and of rollouts, and their defaults.
func TestModes(t *testing.T) {
	c := loadExample(t, "minimal.yaml")
	assert.False(t, c.Managed)
	assert.Equal(t, schedules.RolloutAfterShift, c.Rollout)
	c, err := Parse("x.yaml", []byte("config_mode: managed\nrollout: after-full-rotation\n"+minimal(t)), registry(), anyEnv)
	require.NoError(t, err)
	assert.True(t, c.Managed)
	assert.Equal(t, schedules.RolloutAfterRotation, c.Rollout)
}

// It ensures that the sun never sets on follow-the-sun.yaml: at every hour of a year, the
// changes of clocks included, there is a primary and another secondary, by the region that
// has its day; on a holiday of Europe the stand-by serves; and what is away is away.
func TestFollowTheSun(t *testing.T) {
	c := loadExample(t, "follow-the-sun.yaml")
	sun := c.Book().Schedules["sun"]
	assert.Empty(t, c.Coverage(date("2026-02-01T00:00:00Z")))
	on := func(role, at string) group { return sun.On(role, date(at), nil) }
	for at := date("2026-01-06T00:00:00Z"); at.Year() == 2026; at = at.Add(30 * time.Minute) {
		first, second := sun.On("primary", at, nil), sun.On("secondary", at, nil)
		require.NotEmpty(t, first, at)
		require.NotEmpty(t, second, at)
		if month := at.Month(); month != time.July && month != time.August { // while one of two is away the other has both
			require.NotEqual(t, first, second, at)
		}
	}
	assert.Equal(t, group{"aiko"}, on("primary", "2026-01-06T03:00:00Z"))
	assert.Equal(t, group{"bayu"}, on("secondary", "2026-01-06T03:00:00Z"))
	assert.Equal(t, group{"clara"}, on("primary", "2026-01-06T12:00:00Z"))
	assert.Equal(t, group{"aiko", "clara"}, on("primary", "2026-01-06T08:30:00Z")) // an hour together
	assert.Equal(t, group{"dragan"}, on("primary", "2026-01-13T12:00:00Z"))
	assert.Equal(t, group{"frank"}, on("primary", "2026-01-13T20:00:00Z"))
	assert.Subset(t, group{"dana", "emil"}, on("primary", "2026-12-25T12:00:00Z"))
	assert.Equal(t, group{"bayu"}, on("primary", "2026-08-04T03:00:00Z"))
	assert.Equal(t, group{"frank"}, on("primary", "2026-07-04T20:00:00Z"))
}
