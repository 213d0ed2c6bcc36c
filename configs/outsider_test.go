package configs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/schedules"
)

// rotationOf is a layer with these participants, as YAML.
func rotationOf(participants string) string {
	return "rotation: { every: 1 week, start: 2026-01-05T09:00, participants: " + participants + " }"
}

// faultsOf are the messages, warnings too if there is a fault, about schedule s with this layer and this more, beside the
// users ana and ben and the team everyone.
func faultsOf(t *testing.T, layer, more string) (messages []string) {
	t.Helper()
	text := strings.Replace(minimal(t), "users:\n", "users:\n  - { name: ben, contacts: [{ name: mobile, sms: '+12025550102' }] }\n", 1)
	text += fmt.Sprintf("teams: [{ name: everyone, members: [ana, ben] }]\nschedules:\n  - name: s\n    layers: [{ name: l, %s }]\n%s", layer, more)
	_, err := Parse("x.yaml", []byte(text), registry(), anyEnv)
	if err != nil {
		var problems Problems
		require.ErrorAs(t, err, &problems)
		for _, p := range problems {
			messages = append(messages, p.Message)
		}
	}
	return messages
}

// It ensures that user:NAME is as good as NAME wherever a person stands in a schedule.
func TestUserPrefix(t *testing.T) {
	text := func(prefix string) string {
		return strings.ReplaceAll(strings.Replace(minimal(t), "users:\n", "users:\n  - { name: ben, contacts: [{ name: mobile, sms: '+12025550102' }] }\n", 1)+`
teams: [{ name: both, members: ['@ana', '@ben'] }]
schedules:
  - name: s
    owner: '@ana'
    fallback: ['@ben']
    layers: [{ name: l, rotation: { every: 1 week, start: 2026-01-05T09:00, participants: ['@ana', ['@ben', '@ana'], none] } }]
    away: [{ user: '@ana', from: 2026-08-01, to: 2026-08-02 }, { users: ['@ben'], from: 2026-09-01, to: 2026-09-02 }]
    overrides:
      - { type: replace, from: 2026-03-01T09:00, to: 2026-03-02T09:00, remove: '@ana', add: '@ben' }
      - { type: only, from: 2026-04-01T09:00, to: 2026-04-02T09:00, shifts: [{ from: 2026-04-01T09:00, to: 2026-04-02T09:00, users: ['@ana', '@ben'] }] }
      - { type: swap, a: { user: '@ana', from: 2026-05-01T09:00, to: 2026-05-02T09:00 }, b: { user: '@ben', from: 2026-05-03T09:00, to: 2026-05-04T09:00 } }
`, "@", prefix)
	}
	read := func(prefix string) *Config {
		c, err := Parse("x.yaml", []byte(text(prefix)), registry(), anyEnv)
		require.NoError(t, err)
		return c
	}
	bare, prefixed := read(""), read("user:")
	assert.Equal(t, bare.Specs()["s"], prefixed.Specs()["s"])
	assert.Equal(t, group{"ana", "ben"}, prefixed.Book().Teams["both"])
	assert.Equal(t, []group{{"ana"}, {"ben", "ana"}, nil}, prefixed.Specs()["s"].Layers[0].Rotation.Participants)
}

// It ensures that what comes near to what is meant is refused with the right form, once.
func TestNearMisses(t *testing.T) {
	good := rotationOf("[ana, ben]")
	every := func(s string) string { return strings.Replace(good, "1 week", s, 1) }
	override := func(s string) string {
		return "    overrides: [{ type: add, from: 2026-03-01T09:00, to: 2026-03-02T09:00, " + s + " }]\n"
	}
	const gap = "a deliberate gap is written none, in lower case, and stands alone among the participants of a rotation"
	for _, c := range []struct{ layer, more, want string }{
		{rotationOf("[ana, None]"), "", `"None" is no user; ` + gap},
		{rotationOf("[NONE, ana]"), "", `"NONE" is no user; ` + gap},
		{rotationOf("[[ana, none], ben]"), "", gap + ", not in a group"},
		{rotationOf("[ana, ~]"), "", "is empty; write a user, or none for a deliberate gap"},
		{rotationOf("[['ana', 'user:ana']]"), "", `user "ana" is listed twice`},
		{rotationOf("['team:everyone']"), "", `"team:everyone" is a team, where one person is meant`},
		{rotationOf("['user:anna']"), "", `user "anna" is not defined; did you mean "ana"?`},
		{good, override("add: none"), `"none" is no user; ` + gap},

		{every("weekly"), "", `every "weekly" is not a number and a unit; write 1 week`},
		{every("Daily"), "", "write 1 day"},
		{every("fortnightly"), "", "write 2 weeks"},
		{every("week"), "", "write 1 week"},
		{every("168h"), "", "write 1 week"},
		{every("36h"), "", "write 36 hours"},
		{every("48 hrs"), "", "write 2 days"},
		{every("1w"), "", "write 1 week"},
		{every("1week"), "", "write 1 week"},
		{every("3mo"), "", "write 3 months"},
		{every("604800"), "", "write 1 week"},
		{every("[1 day, 2d]"), "", "write 2 days"},
		{every("30m"), "", `every "30m" is not a number and a unit; write for example "12 hours"`},
		{every("90 seconds"), "", `unit "second" is unknown`},
		{every("0h"), "", `every "0h" is not a number and a unit; write for example`},

		{"calendar: de-BE", "", `"de-BE" is no file of a calendar, and no tables of holidays are built in; write { file: NAME.ics }`},
		{good, "    away: [{ user: ana, calendar: de-BE }]\n", "no tables of holidays are built in; write { file: NAME.ics }"},
		{"calendar: hol.ics", "", "calendar hol.ics does not exist"},
		{"calendar: https://example.org/private-token/hol.ics", "", "this is an address, and calendars are not fetched"},
		{"calendar: { file: webcal://example.org/hol.ics }", "", "this is an address, and calendars are not fetched"},
		{"calendar: [hol.ics]", "", "must be a mapping of keys to values, not a list"},

		{good + ", tz: UTC", "", `unknown key "tz"; did you mean "time_zone"?`},
		{good + ", timezone: UTC", "", `did you mean "time_zone"?`},
		{good + ", windows: [{ start_time: '09:00' }]", "", `unknown key "start_time"; did you mean "from"?`},
		{good, override("add: ana, user: ben"), `unknown key "user"; write add for who steps in, and remove for who steps out`},
		{good, override("add: ana, users: [ben]"), `unknown key "users"; write add for who steps in`},
		{good, override("add: ana, layers: k"), `schedule "s" has no layer "k"`},
		{good + ", windows: [{ days: someday }]", "", `"someday" is no day of the week`},
	} {
		got := faultsOf(t, c.layer, c.more)
		if assert.Len(t, got, 1, "%s %s", c.layer, c.more) {
			assert.Contains(t, got[0], c.want, "%s %s", c.layer, c.more)
		}
		assert.NotContains(t, strings.Join(got, "\n"), "private-token")
	}
	for theirs, ours := range map[string]string{"start_date": "start", "handoff": "start", "members": "participants", "users": "participants",
		"user": "participants", "rotation_length": "every", "length": "every", "Rotation-Length": "every"} {
		got := faultsOf(t, strings.Replace(good, ours+": ", theirs+": ", 1), "")
		want := fmt.Sprintf("unknown key %q; did you mean %q?", theirs, ours)
		require.Contains(t, strings.Join(got, "\n"), want)
	}
}

// It ensures that the case of the length of a turn means nothing, that one word may stand
// for a list of one, and that a user who is called None is no gap.
func TestLenient(t *testing.T) {
	for every, want := range map[string]schedules.Every{"2 Weeks": {N: 2, Unit: schedules.Week}, "1 WEEK": {N: 1, Unit: schedules.Week}, "12 Hours": {N: 12, Unit: schedules.Hour}} {
		c := scheduleWith(t, strings.Replace(rotationOf("[ana]"), "1 week", every, 1), "")
		assert.Equal(t, want, c.Specs()["s"].Layers[0].Rotation.Every)
	}
	s := scheduleWith(t, rotationOf("[ana]")+", windows: [{ days: mo }, { days: 'sa:su' }], away: { use: vacation }",
		"    overrides: [{ type: add, from: 2026-03-01T09:00, to: 2026-03-02T09:00, add: ana, layers: l }]\n").Specs()["s"]
	assert.Equal(t, []schedules.Window{{Days: []time.Weekday{1}, To: 86400}, {Days: []time.Weekday{6, 0}, To: 86400}}, s.Layers[0].Windows)
	assert.Equal(t, []string{"vacation"}, s.Layers[0].Away.Use)
	assert.Equal(t, []string{"l"}, s.Overrides[0].Layers)

	text := strings.Replace(minimal(t), "users:\n", "users:\n  - { name: None, contacts: [{ name: mobile, sms: '+12025550102' }] }\n", 1) +
		"schedules: [{ name: s, layers: [{ name: l, " + rotationOf("[ana, None, none]") + " }] }]\n"
	c, err := Parse("x.yaml", []byte(text), registry(), anyEnv)
	require.NoError(t, err)
	assert.Equal(t, []group{{"ana"}, {"None"}, nil}, c.Specs()["s"].Layers[0].Rotation.Participants)
}

// It ensures that the name of a calendar alone is its file.
func TestCalendarAlone(t *testing.T) {
	files := map[string]string{"rota.ics": calendarOf(event("20260301T080000Z", "20260301T120000Z", "ana")), "off.ics": calendarOf(event("20260301T100000Z", "20260301T110000Z", "off"))}
	files["c.yaml"] = minimal(t) + "schedules: [{ name: s, layers: [{ name: l, calendar: rota.ics }], away: [{ user: ana, calendar: off.ics }] }]\n"
	dir := writeFiles(t, files)
	c, err := Load(dir, Options{Registry: registry(), Env: anyEnv})
	require.NoError(t, err)
	assert.Empty(t, c.Warnings())
	on := func(at string) group { return c.Book().Schedules["s"].On("", date(at), nil) }
	assert.Equal(t, group{"ana"}, on("2026-03-01T09:00:00Z"))
	assert.Empty(t, on("2026-03-01T10:30:00Z"))
}

// It ensures that a time may be left to nobody on purpose: nobody of the layers is on call
// then, the fallback of the schedule is, and a warning says so.
func TestNobodyOnPurpose(t *testing.T) {
	for shifts, from := range map[string]string{
		"[]": "2026-03-01T09:00",
		"[{ from: 2026-03-01T09:00, to: 2026-03-02T09:00, users: [] }]":                                                                 "2026-03-01T09:00",
		"[{ from: 2026-03-01T09:00, to: 2026-03-01T12:00, users: [ana] }, { from: 2026-03-01T12:00, to: 2026-03-02T09:00, users: [] }]": "2026-03-01T12:00",
	} {
		for fallback, want := range map[string]group{"": nil, "    fallback: [ana]\n": {"ana"}} {
			c := scheduleWith(t, rotationOf("[ana]"), fallback+"    overrides: [{ type: only, from: 2026-03-01T09:00, to: 2026-03-02T09:00, shifts: "+shifts+" }]\n")
			s := c.Book().Schedules["s"]
			assert.Equal(t, group{"ana"}, s.On("", date("2026-03-01T07:59:59Z"), nil))
			assert.Equal(t, want, s.On("", date("2026-03-01T12:00:00Z"), nil), shifts)
			assert.Empty(t, s.On("l", date("2026-03-02T07:59:59Z"), nil), shifts)
			assert.Equal(t, group{"ana"}, s.On("", date("2026-03-02T08:00:00Z"), nil))
			if want == nil {
				assert.Len(t, s.Gaps("", date("2026-02-01T00:00:00Z"), date("2026-04-01T00:00:00Z")), 1)
			}
			if assert.Len(t, c.Warnings(), 1, shifts) {
				assert.Contains(t, c.Warnings()[0].Message, "nobody is on call from "+from+" to 2026-03-02T09:00; the fallback of the schedule or of the policy is paged")
			}
		}
	}
	for override, fault := range map[string]string{ // alone: what follows from it is not told
		"from: 2026-03-02T09:00, to: 2026-03-01T09:00, shifts: []":                                                            "not after it begins",
		"from: 2026-03-01T09:00, shifts: []":                                                                                  "to is missing",
		"from: 2026-03-01T09:00, to: noon, shifts: [{ from: 2026-03-01T09:00, to: 2026-03-01T12:00, users: [ana] }]":          `"noon" is not a local date and time`,
		"from: 2026-03-01T09:00, to: 2026-03-02T09:00, shifts: [{ from: 2026-03-01T12:00, to: 2026-03-01T09:00, users: [] }]": "not after it begins",
		"from: 2026-03-01T09:00, to: 2026-03-02T09:00, shifts: [{ from: 2026-03-01T12:00, to: 2026-03-01T13:00 }]":            "users is missing; name who serves, or write [] for nobody",
	} {
		got := faultsOf(t, rotationOf("[ana]"), "    overrides: [{ type: only, "+override+" }]\n")
		if assert.Len(t, got, 1, override) {
			assert.Contains(t, got[0], fault)
		}
	}
}
