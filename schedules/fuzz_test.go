package schedules

import (
	"encoding/binary"
	"testing"
	"time"
)

// bytes makes a spec of anything, valid or not.
type bytes []byte

func (b *bytes) int(n int) int {
	if len(*b) == 0 {
		return 0
	}
	x := int((*b)[0])
	*b = (*b)[1:]
	return x % n
}

func (b *bytes) civil() Civil {
	if b.int(16) == 0 {
		return Civil{b.int(256), time.Month(b.int(14)), b.int(33), b.int(26), b.int(62), b.int(62)}
	}
	return Civil{2020 + b.int(12), time.Month(1 + b.int(12)), 1 + b.int(28), b.int(24), b.int(60), 0}
}

func (b *bytes) time() time.Time {
	var raw [8]byte
	*b = (*b)[copy(raw[:b.int(9)], *b):]
	return time.Unix(int64(binary.LittleEndian.Uint64(raw[:])), 0)
}

func (b *bytes) users() (out []UserID) {
	for range b.int(4) {
		out = append(out, []UserID{"ana", "ben", "chidi", "dana", "erin", ""}[b.int(6)])
	}
	return out
}

func (b *bytes) user() UserID { return []UserID{"", "ana", "ben", "zoe"}[b.int(4)] }

func (b *bytes) every() Every {
	return Every{b.int(40) - 1, []Unit{Hour, Day, Week, Month, "eon"}[b.int(5)]}
}

func (b *bytes) layer(depth int) Layer {
	zones := []string{"", "", "Europe/Berlin", "Pacific/Apia", "Africa/Casablanca", "Antarctica/Troll", "Nowhere"}
	l := Layer{Name: []string{"a", "b", "c", ""}[b.int(4)], Role: []string{"", "r", RoleShadow}[b.int(3)], Priority: b.int(3), TimeZone: zones[b.int(7)]}
	r := Rotation{Every: b.every(), Start: b.civil(), Step: []Step{StepPeriod, StepPeriod, StepOccurrence, "x"}[b.int(4)],
		Elapsed: b.int(4) == 0, First: b.int(256) - 128, Offset: b.int(256) - 128}
	for range b.int(5) {
		r.Participants = append(r.Participants, b.users())
	}
	for range b.int(3) {
		r.Every, r.Sequence = Every{}, append(r.Sequence, b.every())
	}
	for range b.int(3) {
		l.Windows = append(l.Windows, Window{Days: []time.Weekday{time.Weekday(b.int(8)), time.Weekday(b.int(7))}, From: b.int(25) * 3600, To: b.int(25) * 3600})
	}
	switch b.int(5) {
	case 0:
		r = Rotation{Of: []string{"a", "b", "z"}[b.int(3)], Offset: b.int(9) - 4}
	case 1:
		r, l.Fixed = Rotation{}, []Fixed{{b.time(), b.time(), b.users()}, {b.time(), b.time(), b.users()}}
	}
	if l.Rotation = r; b.int(4) == 0 {
		l.Effective = Period{b.civil(), b.civil()}
	}
	l.Away = AwayRule{Then: []AwayThen{AwaySkip, AwayGap, AwayNextLayer, "x"}[b.int(4)]}
	l.Since = b.time()
	for range depth * b.int(3) {
		l.Before = append(l.Before, b.layer(depth-1))
	}
	return l
}

func (b *bytes) override() Override {
	o := Override{ID: string(b.user()), Type: []OverrideType{Replace, Addition, Removal, Only, Swap, "x"}[b.int(6)], Add: b.user(), Remove: b.user()}
	if b.int(3) == 0 {
		o.Layers = []string{[]string{"a", "r", "z"}[b.int(3)]}
	}
	if o.Type == Swap {
		o.Add, o.Remove = "", ""
		o.A, o.B = SwapSide{b.user(), b.civil(), b.civil()}, SwapSide{b.user(), b.civil(), b.civil()}
		return o
	}
	o.From, o.To = b.civil(), b.civil()
	for range b.int(3) {
		o.Shifts = append(o.Shifts, OnlyShift{b.civil(), b.civil(), b.users()})
	}
	return o
}

func (b *bytes) spec() Spec {
	s := Spec{Name: "s", TimeZone: []string{"Europe/Berlin", "America/Havana", "UTC", ""}[b.int(4)], Fallback: b.users()}
	for range 1 + b.int(3) {
		s.Layers = append(s.Layers, b.layer(1))
	}
	for range b.int(3) {
		a := Away{Users: b.users(), From: b.civil(), To: b.civil()}
		if b.int(3) == 0 {
			a.From, a.To, a.Spans = Civil{}, Civil{}, []Span{{b.time(), b.time()}}
		}
		s.Away = append(s.Away, a)
	}
	for range b.int(4) {
		s.Overrides = append(s.Overrides, b.override())
	}
	return s
}

// FuzzCompile ensures that no spec panics or hangs, that what compiles answers at
// any instant, and that its shifts cover what is asked.
func FuzzCompile(f *testing.F) {
	for seed := range byte(8) {
		data := make([]byte, 512)
		for i := range data {
			data[i] = byte(i)*(2*seed+3) ^ seed
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b := bytes(data)
		s, err := Compile(b.spec())
		if err != nil {
			return
		}
		for _, name := range append(s.Layers(), "", "r") {
			for _, at := range []time.Time{b.time(), time.Unix(1767225600+int64(b.int(256))*86400, 0), {}} {
				shift, err := s.OnCall(name, at)
				if err != nil {
					continue
				}
				if !shift.Start.IsZero() && shift.Start.After(at) || !shift.End.IsZero() && at.Unix() < 1<<40 && at.Unix() > -1<<40 && !shift.End.After(at) {
					t.Fatalf("%v is not in [%v, %v)", at, shift.Start, shift.End)
				}
				if next, ok := s.Next(name, at); ok && at.Unix() < 1<<40 && !next.After(at) {
					t.Fatalf("next of %v is %v", at, next)
				}
			}
		}
		from := time.Unix(1767225600+int64(b.int(256))*86400, 0)
		to := from.AddDate(0, 0, 3)
		end := from
		for _, x := range s.Final(from, to) {
			if !x.Start.Equal(end) || !x.End.After(x.Start) {
				t.Fatalf("a hole at %v", end)
			}
			end = x.End
		}
		if !end.Equal(to) {
			t.Fatalf("it ends at %v", end)
		}
		s.Shifts("", from, to)
		s.Gaps("", from, to)
		s.Shadows(from, nil)
	})
}
