package schedules

import (
	"strconv"
	"time"
)

// turns counts the turns of a layer's rotation, whoever serves in them. It is a schedule whose
// people are numbers, so that it cannot disagree with the engine about when a turn begins.
type turns struct {
	schedule *Schedule
	count    int // how many turns are told apart
}

// turnsOf counts the turns of a layer round and round up to its number of groups, at least 2.
// The layer has its zone, and a rotation of its own.
func turnsOf(l Layer) (turns, error) {
	t := turns{count: max(2, len(l.Rotation.Participants))}
	counting := Layer{Name: "turns", TimeZone: l.TimeZone, Rotation: l.Rotation}
	if l.Rotation.Step == StepOccurrence { // elsewhere windows hide turns, they do not make them
		counting.Windows = l.Windows
	}
	counting.Rotation.First, counting.Rotation.Offset = 0, 0
	counting.Rotation.Participants = nil
	for i := range t.count {
		counting.Rotation.Participants = append(counting.Rotation.Participants, []UserID{UserID(strconv.Itoa(i))})
	}
	var err error
	t.schedule, err = Compile(Spec{Name: "turns", TimeZone: l.TimeZone, Layers: []Layer{counting}})
	return t, err
}

// at is the number of the turn at an instant, or, between the windows that make the turns, of
// the one before; false before the first.
func (t turns) at(at time.Time) (int, bool) {
	if n, ok := t.number(at); ok {
		return n, true
	}
	gap, err := t.schedule.OnCall("", at)
	if err != nil || gap.Start.IsZero() {
		return 0, false
	}
	return t.number(gap.Start.Add(-time.Second))
}

// coming is the number of the turn at an instant or, if there is none, of the first after it.
func (t turns) coming(at time.Time) (int, bool) {
	if n, ok := t.number(at); ok {
		return n, true
	}
	next, ok := t.schedule.Next("", at)
	if !ok {
		return 0, false
	}
	return t.number(next)
}

// end is when the turn after that at an instant begins.
func (t turns) end(at time.Time) (time.Time, bool) {
	now, ok := t.at(at)
	if !ok {
		return time.Time{}, false
	}
	for range farthestTurn {
		if at, ok = t.schedule.Next("", at); !ok {
			return time.Time{}, false
		}
		if n, ok := t.number(at); ok && n != now {
			return at, true
		}
	}
	return time.Time{}, false
}

// farthestTurn bounds how many windows a search for the end of a turn passes.
const farthestTurn = 100_000

func (t turns) number(at time.Time) (int, bool) {
	var room [1]UserID
	on := t.schedule.On("", at, room[:0])
	if len(on) == 0 {
		return 0, false
	}
	n, err := strconv.Atoi(string(on[0]))
	return n, err == nil
}
