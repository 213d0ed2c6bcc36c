package routing

import (
	"testing"
	"time"

	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func zone(t interface{ Fatal(...any) }, name string) *timeinterval.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return &timeinterval.Location{Location: loc}
}

func clock(from, to int) []timeinterval.TimeRange {
	return []timeinterval.TimeRange{{StartMinute: from, EndMinute: to}}
}

func weekdays(from, to int) []timeinterval.WeekdayRange {
	return []timeinterval.WeekdayRange{{InclusiveRange: timeinterval.InclusiveRange{Begin: from, End: to}}}
}

// Ensures that a route is quiet by its lists, with the sentence and the instant at which
// that ends, in the interval's own zone and across changes of its clock.
func TestMuted(t *testing.T) {
	berlin, ny := zone(t, "Europe/Berlin"), zone(t, "America/New_York")
	in := Intervals{
		"office":  {{Weekdays: weekdays(1, 5), Times: clock(9*60, 17*60), Location: berlin}},
		"ny":      {{Times: clock(9*60, 17*60), Location: ny}},
		"night":   {{Times: clock(22*60, 24*60), Location: berlin}, {Times: clock(0, 6*60), Location: berlin}},
		"gap":     {{Times: clock(2*60+30, 3*60+30), Location: berlin}},
		"quarter": {{Times: clock(2*60+30, 2*60+45), Location: berlin}},
		"utc":     {{Times: clock(9*60, 10*60)}},
		"always":  {{}},
		"past":    {{Years: []timeinterval.YearRange{{InclusiveRange: timeinterval.InclusiveRange{Begin: 2020, End: 2020}}}}},
		"lastday": {{DaysOfMonth: []timeinterval.DayOfMonthRange{{InclusiveRange: timeinterval.InclusiveRange{Begin: -1, End: -1}}}, Location: berlin}},
		"empty":   {},
	}
	for _, tc := range []struct {
		name         string
		mute, active []string
		now, until   string // until is empty when not muted
		why          string
	}{
		{"no list", nil, nil, "2026-03-02T10:00:00Z", "", ""},
		{"inside active", nil, []string{"office"}, "2026-03-02T10:00:00Z", "", ""},
		{"first minute of active", nil, []string{"office"}, "2026-03-02T08:00:00Z", "", ""},
		{"last instant before active", nil, []string{"office"}, "2026-03-02T07:59:59.5Z", "2026-03-02T08:00:00Z", `outside time interval "office"`},
		{"end is exclusive; Friday evening to Monday", nil, []string{"office"}, "2026-03-06T16:00:00Z", "2026-03-09T08:00:00Z", `outside time interval "office"`},
		{"weekend in which summer time begins", nil, []string{"office"}, "2026-03-27T18:00:00Z", "2026-03-30T07:00:00Z", `outside time interval "office"`},
		{"weekend in which summer time ends", nil, []string{"office"}, "2026-10-23T18:00:00Z", "2026-10-26T08:00:00Z", `outside time interval "office"`},
		{"night over midnight is one mute", []string{"night"}, nil, "2026-03-02T21:30:00Z", "2026-03-03T05:00:00Z", `muted by time interval "night"`},
		{"second active list opens first", nil, []string{"office", "utc"}, "2026-03-07T08:00:00Z", "2026-03-07T09:00:00Z", `outside time interval "office", "utc"`},
		{"two zones", nil, []string{"office", "ny"}, "2026-03-02T05:00:00Z", "2026-03-02T08:00:00Z", `outside time interval "office", "ny"`},
		{"mute wins over active, and ends into it", []string{"utc"}, []string{"office"}, "2026-03-02T09:30:00Z", "2026-03-02T10:00:00Z", `muted by time interval "utc"`},
		{"mute ends outside active", []string{"utc"}, []string{"ny"}, "2026-03-02T09:30:00Z", "2026-03-02T14:00:00Z", `muted by time interval "utc"`},
		{"range begins at the change when its start does not exist", nil, []string{"gap"}, "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", `outside time interval "gap"`},
		{"range that does not exist that night", nil, []string{"quarter"}, "2026-03-29T00:30:00Z", "2026-03-30T00:30:00Z", `outside time interval "quarter"`},
		{"range comes a second time that night", nil, []string{"quarter"}, "2026-10-25T00:45:00Z", "2026-10-25T01:30:00Z", `outside time interval "quarter"`},
		{"last day of a leap February", []string{"lastday"}, nil, "2028-02-29T12:00:00+01:00", "2028-02-29T23:00:00Z", `muted by time interval "lastday"`},
		{"for ever is judged again", []string{"always"}, nil, "2026-03-02T10:00:00Z", "2027-04-06T10:00:00Z", `muted by time interval "always"`},
		{"active long ago", nil, []string{"past"}, "2026-03-02T10:00:00Z", "2027-04-06T10:00:00Z", `outside time interval "past"`},
		{"an empty interval contains nothing", []string{"empty"}, nil, "2026-03-02T10:00:00Z", "", ""},
		{"unknown names mute nothing", []string{"x"}, []string{"y"}, "2026-03-02T10:00:00Z", "", ""},
		{"before 1970", nil, []string{"utc"}, "1960-03-02T10:00:00Z", "1960-03-03T09:00:00Z", `outside time interval "utc"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, tc.now)
			require.NoError(t, err)
			why, until := in.Muted(tc.mute, tc.active, now)
			require.Equal(t, tc.why, why)
			if tc.until == "" {
				require.True(t, until.IsZero())
				return
			}
			require.Equal(t, tc.until, until.Format(time.RFC3339))
		})
	}
}

// Ensures that the end of a mute is what a walk minute by minute with Alertmanager's own
// judge finds, around changes of clocks.
func TestMutedEqualsMinuteWalk(t *testing.T) {
	changes := []time.Time{
		time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC), // Berlin
		time.Date(2026, 4, 4, 15, 0, 0, 0, time.UTC), time.Date(2026, 10, 3, 15, 30, 0, 0, time.UTC), // Lord Howe, half an hour
		time.Date(2026, 9, 6, 4, 0, 0, 0, time.UTC), // Santiago, at midnight
	}
	zones := []*timeinterval.Location{nil, zone(t, "Europe/Berlin"), zone(t, "Australia/Lord_Howe"), zone(t, "America/Santiago"), zone(t, "Asia/Kathmandu")}
	rapid.Check(t, func(t *rapid.T) {
		in := Intervals{}
		for _, name := range []string{"a", "b", "c"} {
			for range rapid.IntRange(1, 2).Draw(t, "parts") {
				from := rapid.IntRange(0, 1438).Draw(t, "from")
				part := timeinterval.TimeInterval{Location: rapid.SampledFrom(zones).Draw(t, "zone")}
				if rapid.Bool().Draw(t, "times") {
					part.Times = clock(from, rapid.IntRange(from+1, 1440).Draw(t, "to"))
				}
				if day := rapid.IntRange(0, 12).Draw(t, "weekday"); day <= 6 {
					part.Weekdays = weekdays(day, rapid.IntRange(day, 6).Draw(t, "last weekday"))
				}
				in[name] = append(in[name], part)
			}
		}
		mute, active := []string{"a"}, []string{"b", "c"}
		now := rapid.SampledFrom(changes).Draw(t, "change").Add(time.Duration(rapid.IntRange(-2*86400, 86400).Draw(t, "shift")) * time.Second)

		judge := timeinterval.NewIntervener(in)
		quiet := func(at time.Time) bool {
			muted, _, err := judge.Mutes(mute, at)
			require.NoError(t, err)
			inside, _, err := judge.Mutes(active, at)
			require.NoError(t, err)
			return muted || !inside
		}
		why, until := in.Muted(mute, active, now)
		require.Equal(t, quiet(now), why != "")
		if why == "" {
			return
		}
		const walk = 9 * 24 * time.Hour
		at := now.Truncate(time.Minute)
		for quiet(at) && at.Sub(now) < walk {
			at = at.Add(time.Minute)
		}
		if at.Sub(now) < walk {
			require.Equal(t, at.UTC(), until)
		} else {
			require.GreaterOrEqual(t, until.Sub(now), walk)
		}
	})
}

// Ensures that a decision carries the mute of its route, and that the root never mutes.
func TestRouteMutes(t *testing.T) {
	table := compileSpec(t, Spec{Scale: testScale(),
		Intervals: Intervals{"office": {{Times: clock(9*60, 17*60)}}},
		Root: Route{Policy: "p", Routes: []Route{
			{Matchers: ms(t, `severity=~"P2|P3"`), Policy: "day", ActiveTimeIntervals: []string{"office"}},
		}}})
	night := time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC)
	a := alertWith()
	require.Empty(t, table.Route(a, night)[0].Muted)
	a.SeverityWord = "info"
	d := table.Route(a, night)[0]
	require.Equal(t, `outside time interval "office"`, d.Muted)
	require.Equal(t, time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC), d.MutedUntil)
	require.Contains(t, d.Reasons, `route.routes[0]: outside time interval "office"`)
	require.Empty(t, table.Route(a, d.MutedUntil)[0].Muted)
}
