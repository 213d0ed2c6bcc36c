package schedules

import "time"

// render covers [from, to) with one line of shifts.
func (s *Schedule) render(v *view, from, to time.Time) (out []Shift) {
	var spots [cursorRoom]known
	var rooms [2][entryRoom]entry
	var last answer
	c := v.cursor(&spots, false)
	for n, at := 0, from; at.Before(to); n++ {
		a, edge := c.read(seconds(at), rooms[n%2][:0])
		end := to
		if edge != forever {
			if t := time.Unix(edge, 0); t.Before(to) && t.After(at) {
				end = t
			}
		}
		if n > 0 && a.equal(&last, false) {
			out[len(out)-1].End = end.In(v.zone.loc)
		} else {
			out = append(out, s.shift(v, &a, never, forever))
			out[len(out)-1].Start, out[len(out)-1].End = at.In(v.zone.loc), end.In(v.zone.loc)
		}
		at, last = end, a
	}
	for i := range out {
		out[i].Skew = v.zone.skew(seconds(out[i].Start), seconds(out[i].End))
	}
	return out
}

// shift is an answer in words, from start to end.
func (s *Schedule) shift(v *view, a *answer, start, end int64) Shift {
	x := Shift{Layer: v.name, Source: a.source.String()}
	if n := len(a.entries); n > 0 {
		x.Users, x.Duties = make([]UserID, n), make([]Duty, n)
		for i := range a.entries {
			e := &a.entries[i]
			x.Users[i] = s.users[e.user]
			d := &x.Duties[i]
			d.User, d.Source = s.users[e.user], e.source.String()
			if e.layer >= 0 {
				d.Layer = s.layers[e.layer]
			}
			if e.by >= 0 {
				d.By = s.overrides[e.by]
			}
		}
	}
	if start != never {
		x.Start = time.Unix(start, 0).In(v.zone.loc)
	}
	if end != forever {
		x.End = time.Unix(end, 0).In(v.zone.loc)
	}
	if start != never && end != forever {
		x.Skew = v.zone.skew(start, end)
	}
	return x
}

// skew is how much longer [start, end) is than the wall clock says.
func (z *zone) skew(start, end int64) time.Duration {
	from, _ := z.offset(start)
	to, _ := z.offset(end)
	return time.Duration(from-to) * time.Second
}
