package schedules

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// vectorLayer is a layer of groups in turn; "+" joins a group, "none" is an empty one.
func vectorLayer(t *testing.T, name, every, start, turns string) Layer {
	t.Helper()
	l := Layer{Name: name, Rotation: Rotation{Start: civil(t, start)}}
	for _, s := range strings.Split(every, ", ") {
		e, err := ParseEvery(s)
		require.NoError(t, err)
		l.Rotation.Sequence = append(l.Rotation.Sequence, e)
	}
	if len(l.Rotation.Sequence) == 1 {
		l.Rotation.Every, l.Rotation.Sequence = l.Rotation.Sequence[0], nil
	}
	for _, turn := range strings.Fields(turns) {
		var group []UserID
		for _, u := range strings.Split(turn, "+") {
			if u != "none" {
				group = append(group, UserID(u))
			}
		}
		l.Rotation.Participants = append(l.Rotation.Participants, group)
	}
	return l
}

// vector is a schedule and who is on call in it at instants (UTC), worked out by hand.
type vector struct {
	name, zone, layer string
	layers            []Layer
	away              []Away
	overrides         []Override
	want              map[string]string // instant: people
}

// clocks are windows, overrides and hand-offs around changes of the clock.
func clocks(t *testing.T) []vector {
	night := vectorLayer(t, "l", "1 day", "2026-10-20T12:00", "ana ben")
	night.Windows = []Window{{From: 22 * 3600, To: 2*3600 + 1800}}
	early := vectorLayer(t, "l", "1 week", "2026-01-05T00:00", "ana")
	early.Windows = []Window{{From: 2*3600 + 600, To: 2*3600 + 3000}}
	elapsed := vectorLayer(t, "l", "12 hours", "2026-03-28T08:00", "ana ben")
	elapsed.Rotation.Elapsed = true
	single := vectorLayer(t, "l", "1 week", "2026-01-05T09:00", "ana")
	return []vector{
		{name: "a window over midnight ends at the last 02:30 of a fold", zone: "Europe/Berlin", layer: "l", layers: []Layer{night},
			want: map[string]string{"2026-10-24 20:00": "ana", "2026-10-25 00:30": "ana", "2026-10-25 01:29": "ana", "2026-10-25 01:30": "", "2026-10-25 20:59": "", "2026-10-25 21:00": "ben"}},
		{name: "a window inside a gap does not open, inside a fold it opens once, from the first to the last", zone: "Europe/Berlin", layer: "l", layers: []Layer{early},
			want: map[string]string{"2026-03-28 01:10": "ana", "2026-03-29 00:59": "", "2026-03-29 01:00": "", "2026-03-30 00:10": "ana", "2026-10-25 00:10": "ana", "2026-10-25 01:05": "ana", "2026-10-25 01:49": "ana", "2026-10-25 01:50": ""}},
		{name: "midnight is skipped in Cairo, and comes once when 23:00 is shown twice", zone: "Africa/Cairo", layer: "l", layers: []Layer{vectorLayer(t, "l", "1 day", "2026-01-05T00:00", "ana ben")},
			want: map[string]string{"2026-04-23 21:59": "ana", "2026-04-23 22:00": "ben", "2026-04-24 20:59": "ben", "2026-04-24 21:00": "ana", "2026-10-29 20:59": "ben", "2026-10-29 21:59": "ben", "2026-10-29 22:00": "ana"}},
		{name: "hours that pass drift over the change", zone: "Europe/Berlin", layer: "l", layers: []Layer{elapsed},
			want: map[string]string{"2026-03-29 06:59": "ben", "2026-03-29 07:00": "ana", "2026-03-29 18:59": "ana", "2026-03-29 19:00": "ben"}},
		{name: "the day that Apia skipped swallows an override and no hand-off", zone: "Pacific/Apia", layer: "l", layers: []Layer{vectorLayer(t, "l", "1 week", "2011-12-05T09:00", "ana ben")},
			overrides: []Override{{Type: Replace, From: civil(t, "2011-12-30T09:00"), To: civil(t, "2011-12-30T17:00"), Remove: "ben", Add: "eve"}},
			want:      map[string]string{"2011-12-26 18:59": "ana", "2011-12-26 19:00": "ben", "2011-12-30 09:59": "ben", "2011-12-30 10:00": "ben", "2012-01-01 18:59": "ben", "2012-01-01 19:00": "ana"}},
		{name: "both sides of a swap end late in a fold of half an hour", zone: "Australia/Lord_Howe", layer: "l", layers: []Layer{single},
			overrides: []Override{{Type: Swap, A: SwapSide{"ana", civil(t, "2026-04-05T01:00"), civil(t, "2026-04-05T01:45")}, B: SwapSide{"ben", civil(t, "2026-04-06T01:00"), civil(t, "2026-04-06T02:00")}}},
			want:      map[string]string{"2026-04-04 13:59": "ana", "2026-04-04 14:00": "ben", "2026-04-04 14:59": "ben", "2026-04-04 15:14": "ben", "2026-04-04 15:15": "ana", "2026-04-05 14:45": "ana"}},
	}
}

// rules are turns, priorities, time off and exceptions where the clock is steady.
func rules(t *testing.T) []vector {
	mwf := vectorLayer(t, "l", "1 day", "2026-06-02T09:00", "ana ben chidi")
	mwf.Rotation.Step = StepOccurrence
	mwf.Windows = []Window{{Days: []time.Weekday{1, 3, 5}, From: 9 * 3600, To: 12 * 3600}}
	open := vectorLayer(t, "l", "1 day", "2026-06-01T00:00", "ana ben")
	open.Rotation.Step, open.Windows = StepOccurrence, []Window{{From: 22 * 3600, To: 6 * 3600}}
	late := vectorLayer(t, "l", "1 day", "2026-06-01T09:00", "ana ben chidi")
	late.Effective = Period{From: civil(t, "2026-06-05T12:00"), Until: civil(t, "2026-06-07T00:00")}
	secondary := Layer{Name: "secondary", Rotation: Rotation{Of: "l", Offset: 1}}
	three := vectorLayer(t, "l", "1 day", "2026-06-01T00:00", "ana ben chidi")
	off := []Away{{Users: []UserID{"ben"}, From: civil(t, "2026-06-02T00:00"), To: civil(t, "2026-06-03T00:00")}}
	high := vectorLayer(t, "high", "1 day", "2026-06-01T00:00", "ana none ben")
	high.Priority, high.Away.Then = 5, AwayGap
	low := vectorLayer(t, "low", "1 week", "2026-06-01T00:00", "dana")
	return []vector{
		{name: "turns by occurrence pass days without a window", zone: "UTC", layer: "l", layers: []Layer{mwf},
			want: map[string]string{"2026-06-03 10:00": "ana", "2026-06-04 10:00": "", "2026-06-05 10:00": "ben", "2026-06-08 10:00": "chidi", "2026-06-10 11:59": "ana", "2026-06-10 12:00": ""}},
		{name: "the window open at the start is the first occurrence", zone: "UTC", layer: "l", layers: []Layer{open},
			want: map[string]string{"2026-05-31 23:00": "", "2026-06-01 03:00": "ana", "2026-06-01 22:00": "ben", "2026-06-02 05:59": "ben", "2026-06-02 22:00": "ana"}},
		{name: "a layer that becomes effective late keeps its order", zone: "UTC", layer: "l", layers: []Layer{late},
			want: map[string]string{"2026-06-05 11:59": "", "2026-06-05 12:00": "ben", "2026-06-06 09:00": "chidi", "2026-06-07 00:00": ""}},
		{name: "who is off is skipped by primary and secondary, and the order stays", zone: "UTC", layer: "secondary", layers: []Layer{three, secondary}, away: off,
			want: map[string]string{"2026-06-01 12:00": "ben", "2026-06-02 12:00": "ana", "2026-06-03 12:00": "ana", "2026-06-04 12:00": "ben"}},
		{name: "an empty slot shows lower layers, somebody who leaves a gap hides them", zone: "UTC", layers: []Layer{high, low},
			away: []Away{{Users: []UserID{"ben"}, From: civil(t, "2026-06-03T00:00"), To: civil(t, "2026-06-03T12:00")}},
			want: map[string]string{"2026-06-01 06:00": "ana", "2026-06-02 06:00": "dana", "2026-06-03 06:00": "zoe", "2026-06-03 12:00": "ben"}},
		{name: "between the shifts of an only the fallback serves, whatever is added", zone: "UTC", layers: []Layer{three},
			overrides: []Override{
				{Type: Only, From: civil(t, "2026-06-02T00:00"), To: civil(t, "2026-06-03T00:00"), Shifts: []OnlyShift{{civil(t, "2026-06-02T06:00"), civil(t, "2026-06-02T12:00"), []UserID{"eve"}}}},
				{Type: Addition, From: civil(t, "2026-06-02T00:00"), To: civil(t, "2026-06-04T00:00"), Add: "dana"}},
			want: map[string]string{"2026-06-02 05:59": "zoe", "2026-06-02 06:00": "eve", "2026-06-02 12:00": "zoe", "2026-06-03 00:00": "chidi dana", "2026-06-04 00:00": "ana"}},
		{name: "unequal turns repeat against a list of another length", zone: "UTC", layer: "l", layers: []Layer{vectorLayer(t, "l", "5 days, 2 days", "2026-01-05T09:00", "ana ben+eve chidi")},
			want: map[string]string{"2026-01-10 08:59": "ana", "2026-01-10 09:00": "ben eve", "2026-01-12 09:00": "chidi", "2026-01-17 09:00": "ana", "2026-01-19 08:59": "ana", "2026-01-19 09:00": "ben eve"}},
	}
}

// additions are people who serve as well, and a rotation whose steps were others before.
func additions(t *testing.T) []vector {
	top, low := vectorLayer(t, "top", "1 week", "2026-06-01T00:00", "ben"), vectorLayer(t, "low", "1 day", "2026-06-01T00:00", "ana chidi")
	top.Priority = 5
	one := []Layer{vectorLayer(t, "l", "1 week", "2026-06-01T00:00", "ana")}
	on := func(kind OverrideType, remove, add UserID, layers ...string) Override {
		return Override{Type: kind, From: civil(t, "2026-06-02T00:00"), To: civil(t, "2026-06-03T12:00"), Remove: remove, Add: add, Layers: layers}
	}
	before := vectorLayer(t, "a", "1 day", "2026-06-01T00:00", "ana ben chidi")
	before.Rotation.Step, before.Windows = StepOccurrence, []Window{{Days: []time.Weekday{1, 3}, From: 9 * 3600, To: 12 * 3600}}
	a := vectorLayer(t, "a", "1 week", "2026-06-01T00:00", "ana ben")
	a.Since, a.Before = utc(t, "2026-06-15 00:00"), []Layer{before}
	b := Layer{Name: "b", Rotation: Rotation{Of: "a", Offset: 1}, Windows: []Window{{Days: []time.Weekday{1}, From: 8 * 3600, To: 10 * 3600}}}
	late := Layer{Name: "b", Rotation: Rotation{Of: "a", Offset: 1}, Since: a.Since, Before: []Layer{vectorLayer(t, "b", "1 week", "2026-06-01T00:00", "dana")}}
	return []vector{
		{name: "who is added on a hidden layer serves, also when it is their turn there", zone: "UTC", layers: []Layer{top, low},
			overrides: []Override{on(Addition, "", "ana", "low")},
			want:      map[string]string{"2026-06-01 23:59": "ben", "2026-06-02 00:00": "ben ana", "2026-06-03 00:00": "ben ana", "2026-06-03 12:00": "ben"}},
		{name: "who is added is not removed", zone: "UTC", layers: one, overrides: []Override{on(Addition, "", "ben"), on(Removal, "ben", "")},
			want: map[string]string{"2026-06-02 00:00": "ana ben", "2026-06-03 12:00": "ana"}},
		{name: "who is removed may be added", zone: "UTC", layers: one, overrides: []Override{on(Addition, "", "ana"), on(Removal, "ana", "")},
			want: map[string]string{"2026-06-02 00:00": "ana"}},
		{name: "who is added is not replaced", zone: "UTC", layers: one, overrides: []Override{on(Addition, "", "ben"), on(Replace, "ben", "chidi")},
			want: map[string]string{"2026-06-02 00:00": "ana ben"}},
		{name: "who is added serves beside who stands for everybody", zone: "UTC", layers: one, overrides: []Override{on(Addition, "", "ben"), on(Replace, "", "chidi")},
			want: map[string]string{"2026-06-02 00:00": "chidi ben"}},
		{name: "a rotation that stepped by windows did so by those of the layer that uses it", zone: "UTC", layer: "b", layers: []Layer{a, b},
			want: map[string]string{"2026-05-31 12:00": "", "2026-06-01 08:00": "ben", "2026-06-03 09:00": "", "2026-06-08 09:59": "chidi", "2026-06-08 10:00": "", "2026-06-15 08:00": "ben", "2026-06-22 08:00": "ana"}},
		{name: "a layer without windows may use it since it no longer steps by them", zone: "UTC", layer: "b", layers: []Layer{a, late},
			want: map[string]string{"2026-06-14 23:59": "dana", "2026-06-15 00:00": "ben", "2026-06-22 00:00": "ana"}},
	}
}

// Ensures that people are on call at instants that were worked out by hand, most of them also by
// a program that shares nothing with this one, where rules meet changes of the clock or each other.
func TestVectors(t *testing.T) {
	for _, v := range slices.Concat(clocks(t), rules(t), additions(t)) {
		t.Run(v.name, func(t *testing.T) {
			s, err := Compile(Spec{Name: "s", TimeZone: v.zone, Layers: v.layers, Away: v.away, Overrides: v.overrides, Fallback: []UserID{"zoe"}})
			require.NoError(t, err)
			for at, want := range v.want {
				var got []string
				for _, u := range s.On(v.layer, utc(t, at), nil) {
					got = append(got, string(u))
				}
				require.Equal(t, want, strings.Join(got, " "), at)
				shift, err := s.OnCall(v.layer, utc(t, at))
				require.NoError(t, err)
				require.Len(t, shift.Users, len(got), at)
			}
		})
	}
}
