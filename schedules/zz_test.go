package schedules
import ("testing";"fmt";"time")
func TestZZ(t *testing.T) {
	monday := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	cal := berlin(Layer{Name: "primary", Fixed: []Fixed{{From: monday.AddDate(0,0,-7), To: monday, Users: []UserID{"zoe"}}}})
	rot := berlin(weekly("primary", "ana ben"))
	p1, n := rolled(t, cal, rot, RolloutAfterShift, wednesday)
	fmt.Println(n, compiled(t,p1).On("primary", wednesday, nil))
	of := Layer{Name: "secondary", Rotation: Rotation{Of: "primary", Offset: 1}}
	p2, n := rolled(t, p1, berlin(weekly("primary", "ana ben"), of), RolloutAfterShift, wednesday.Add(time.Hour))
	fmt.Println(n, compiled(t,p2).On("primary", wednesday.Add(time.Hour), nil))
	p3, n := rolled(t, cal, berlin(weekly("primary", "ana ben"), of), RolloutAfterShift, wednesday)
	fmt.Println(n, compiled(t,p3).On("primary", wednesday, nil))
}
func BenchmarkZZ(b *testing.B) {
	for _, phases := range []int{0, 8, 64} {
		for _, layers := range []int{1,3} {
		spec := Spec{Name: "x", TimeZone: "Europe/Berlin"}
		for i := range layers {
			l := weekly(fmt.Sprint("l",i), "ana ben chidi dana erin fay")
			for k := range phases { p := l; p.Before = nil; p.Since = wednesday.Add(time.Duration(k)*24*time.Hour); l.Before = append(l.Before, p) }
			if phases > 0 { l.Since = wednesday.Add(time.Duration(phases)*24*time.Hour) }
			spec.Layers = append(spec.Layers, l)
		}
		for i := range 100 {
			from := Civil{2026, 11, 1, 0, 0, 0}.seconds() + int64(i)*daySeconds
			spec.Overrides = append(spec.Overrides, Override{Type: Replace, Remove: "ana", Add: "finn", From: civilOf(from), To: civilOf(from + daySeconds/2)})
			_ = 0
		}
		b.Run(fmt.Sprintf("compile/phases=%d/layers=%d", phases,layers), func(b *testing.B) { for b.Loop() { Compile(spec) } })
		s, _ := Compile(spec)
		var room [8]UserID
		b.Run(fmt.Sprintf("on/phases=%d/layers=%d", phases,layers), func(b *testing.B) { for b.Loop() { s.On("", wednesday.AddDate(0,0,80), room[:0]) } })
		b.Run(fmt.Sprintf("month/phases=%d/layers=%d", phases,layers), func(b *testing.B) { for b.Loop() { s.Final(wednesday.AddDate(0,0,20), wednesday.AddDate(0,0,50)) } })
	}}
}
