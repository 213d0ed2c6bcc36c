package schedules

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What one schedule may have, far beyond what people write: who serves is worked out from all
// that is active at once.
const (
	maxOverrides = 5_000
	maxTimeOff   = 20_000
)

// check finds all that is wrong with the spec, and loads its zones.
func (c *compiler) check() {
	if c.spec.Name == "" {
		c.fail("", errors.New("name is missing; give the schedule one"))
	}
	if c.spec.TimeZone == "" {
		c.fail("", errors.New("time zone is missing; name an IANA zone such as Europe/Berlin"))
	} else if z, err := c.zones.get(c.spec.TimeZone); err != nil {
		c.fail("", err)
	} else {
		c.out.zone = z
	}
	if len(c.spec.Layers) == 0 {
		c.fail("", errors.New("there are no layers; add one with a rotation"))
	}
	if err := checkUsers(c.spec.Fallback); err != nil {
		c.fail("fallback", err)
	}
	for i := range c.spec.Layers {
		c.checkLayer(i)
	}
	if n := len(c.spec.Away); n > maxTimeOff {
		c.fail("", fmt.Errorf("it has %d entries of time off, more than %d; delete those that are over", n, maxTimeOff))
	}
	if n := len(c.spec.Overrides); n > maxOverrides {
		c.fail("", fmt.Errorf("it has %d overrides, more than %d; delete those that are over", n, maxOverrides))
	}
	for i, a := range c.spec.Away {
		where := fmt.Sprintf("time off %d", i+1)
		if len(a.Users) > 0 {
			where += fmt.Sprintf(" (%s)", a.Users[0])
		}
		c.failAll(where, a.check())
	}
	for i := range c.spec.Overrides {
		c.checkOverride(i)
	}
}

func (c *compiler) failAll(where string, errs []error) {
	for _, err := range errs {
		c.fail(where, err)
	}
}

func (c *compiler) checkLayer(i int) {
	l := c.spec.Layers[i]
	where := fmt.Sprintf("layer %q", l.Name)
	switch {
	case l.Name == "":
		where = fmt.Sprintf("layer %d", i+1)
		c.fail(where, errors.New("name is missing; give the layer one"))
	case c.layerNamed(l.Name) < i:
		c.fail(where, errors.New("the name is taken by an earlier layer; choose another"))
	}
	c.checkPhase(where, l)
	if of := l.Rotation.Of; of != "" {
		if err := c.checkOf(l, of); err != nil {
			c.fail(where, err)
		}
	}
	for j, p := range l.Before {
		where := fmt.Sprintf("%s, before %d", where, j+1)
		next := l
		if j+1 < len(l.Before) {
			next = l.Before[j+1]
		}
		if next.Since.Before(p.Since) {
			c.fail(where, errors.New("what follows begins earlier; order the descriptions by since"))
		}
		if p.Rotation.Of != "" || len(p.Before) > 0 {
			c.fail(where, errors.New("a description that held before stands alone; write out its rotation instead of `of`, and nothing before it"))
			continue
		}
		c.checkPhase(where, p)
	}
}

// checkPhase checks what one description of a layer says.
func (c *compiler) checkPhase(where string, l Layer) {
	if l.TimeZone != "" {
		if _, err := c.zones.get(l.TimeZone); err != nil {
			c.fail(where, err)
		}
	}
	switch {
	case l.Fixed != nil && !l.Rotation.empty():
		c.fail(where, errors.New("it has both a rotation and fixed shifts; make two layers of it"))
	case l.Fixed != nil:
		for i, f := range l.Fixed {
			if err := f.check(); err != nil {
				c.fail(where, fmt.Errorf("fixed shift %d: %w", i+1, err))
			}
		}
	case l.Rotation.Of != "":
		if alone := (Rotation{Of: l.Rotation.Of, Offset: l.Rotation.Offset}); !l.Rotation.equal(alone) {
			c.fail(where, fmt.Errorf("it uses the rotation of %q; beside `of` set only the offset", l.Rotation.Of))
		}
	default:
		c.failAll(where, l.Rotation.check(l.Windows))
	}
	for i, w := range l.Windows {
		if err := w.check(); err != nil {
			c.fail(where, fmt.Errorf("window %d: %w", i+1, err))
		}
	}
	if err := l.Effective.check(); err != nil {
		c.fail(where, fmt.Errorf("effective: %w", err))
	}
	if then := l.Away.Then; then != AwaySkip && then != AwayGap && then != AwayNextLayer {
		c.fail(where, fmt.Errorf("away: %q is unknown; use skip, gap or next-layer", then))
	}
}

// checkOf checks whose rotation a layer uses.
func (c *compiler) checkOf(l Layer, of string) error {
	i := c.layerNamed(of)
	switch {
	case i < 0:
		return fmt.Errorf("the rotation is that of layer %q, which does not exist; the layers are %s", of, layerNames(c.spec.Layers))
	case c.spec.Layers[i].Name == l.Name:
		return errors.New("the rotation is its own; name another layer in `of`")
	case c.spec.Layers[i].Rotation.Of != "":
		return fmt.Errorf("layer %q itself uses the rotation of %q; name that in `of`, with the sum of the offsets", of, c.spec.Layers[i].Rotation.Of)
	case c.spec.Layers[i].Fixed != nil || c.spec.Layers[i].calendarAfter(l):
		return fmt.Errorf("layer %q has fixed shifts and no rotation; name another in `of`", of)
	case len(l.Windows) == 0:
		return l.checkWindowless(c.spec.Layers[i])
	}
	return nil
}

// checkWindowless checks that a layer without windows never uses a rotation that counts them,
// also not one that the base had before.
func (l Layer) checkWindowless(base Layer) error {
	phases := l.phases()
	own := phases[len(phases)-1] // only the last uses a rotation of another
	for i, of := range base.phases() {
		if of.Rotation.Step != StepOccurrence || max(of.from, own.from) >= min(of.to, own.to) {
			continue
		}
		if i < len(base.Before) {
			return fmt.Errorf("the rotation of layer %q stepped with each occurrence of a window until %s; give this layer windows, or a description of its own until then",
				base.Name, time.Unix(of.to, 0).UTC().Format(time.RFC3339))
		}
		return fmt.Errorf("the rotation of layer %q steps with each occurrence of a window; give this layer windows too", base.Name)
	}
	return nil
}

// calendarAfter says whether a layer had fixed shifts when the last description of another held.
func (l Layer) calendarAfter(other Layer) bool {
	phases := other.phases()
	from := phases[len(phases)-1].from
	return slices.ContainsFunc(l.phases(), func(p phase) bool { return p.Fixed != nil && p.to > from })
}

func (r Rotation) empty() bool { return r.equal(Rotation{}) }

func (r Rotation) equal(o Rotation) bool {
	return r.Every == o.Every && slices.Equal(r.Sequence, o.Sequence) && r.Start == o.Start && len(r.Participants) == 0 && len(o.Participants) == 0 &&
		r.Step == o.Step && r.Elapsed == o.Elapsed && r.Of == o.Of && r.Offset == o.Offset && r.First == o.First
}

func (r Rotation) check(windows []Window) (errs []error) {
	errs = append(errs, r.checkLengths(windows)...)
	if err := r.Start.check(); err != nil {
		errs = append(errs, fmt.Errorf("start: %w; write the first hand-off, such as 2026-01-05T09:00", err))
	}
	if len(r.Participants) == 0 {
		errs = append(errs, errors.New("there are no participants; name who serves in turn"))
	}
	for i, group := range r.Participants {
		if err := checkUsers(group); err != nil {
			errs = append(errs, fmt.Errorf("participant %d %w", i+1, err))
		}
	}
	return errs
}

// checkLengths checks how long turns are.
func (r Rotation) checkLengths(windows []Window) (errs []error) {
	lengths := r.Sequence
	if len(lengths) == 0 {
		lengths = []Every{r.Every}
	} else if r.Every != (Every{}) {
		errs = append(errs, errors.New("it has both `every` and `sequence`; use one"))
	}
	months := false
	for _, e := range lengths {
		if err := e.check(); err != nil {
			errs = append(errs, err)
		}
		months = months || e.Unit == Month
	}
	if r.Elapsed && months {
		errs = append(errs, errors.New("a month is no fixed number of hours; with elapsed use hours, days or weeks"))
	}
	switch {
	case r.Step == StepPeriod:
	case r.Step != StepOccurrence:
		errs = append(errs, fmt.Errorf("step %q is unknown; use period or occurrence", r.Step))
	case len(windows) == 0:
		errs = append(errs, errors.New("it steps with each occurrence of a window but has no windows; add some, or step by period"))
	case len(r.Sequence) > 0 || r.Elapsed || r.Every.Unit != Day:
		errs = append(errs, errors.New("it steps with each occurrence of a window; write every as a number of days, without sequence or elapsed"))
	}
	return errs
}

// checkUsers refuses empty and repeated names; the error begins in the middle of a sentence.
func checkUsers(users []UserID) error {
	for i, u := range users {
		if u == "" {
			return errors.New("has an empty user name; write a user")
		}
		if slices.Contains(users[:i], u) {
			return fmt.Errorf("names %q twice; once is enough", u)
		}
	}
	return nil
}

func (f Fixed) check() error {
	if !f.To.After(f.From) {
		return errors.New("it ends when or before it begins; set a later end")
	}
	return checkUsers(f.Users)
}

func (w Window) check() error {
	for _, d := range w.Days {
		if d < 0 || d > 6 {
			return fmt.Errorf("day %d is none of the week; use 0 (Sunday) to 6", int(d))
		}
	}
	if w.From < 0 || w.From >= daySeconds || w.To < 0 || w.To > daySeconds {
		return errors.New("its times are not of one day; use 00:00 to 24:00")
	}
	return nil
}

func (p Period) check() error {
	zero := Civil{}
	if p.From != zero {
		if err := p.From.check(); err != nil {
			return err
		}
	}
	if p.Until != zero {
		if err := p.Until.check(); err != nil {
			return err
		}
	}
	if p.From != zero && p.Until != zero && p.From.seconds() >= p.Until.seconds() {
		return fmt.Errorf("it ends at %s, not after it begins; set a later until", p.Until)
	}
	return nil
}

func (a Away) check() (errs []error) {
	if len(a.Users) == 0 {
		errs = append(errs, errors.New("it is nobody's; name who is away"))
	} else if err := checkUsers(a.Users); err != nil {
		errs = append(errs, err)
	}
	dated := a.From != Civil{} || a.To != Civil{}
	switch {
	case dated && len(a.Spans) > 0:
		errs = append(errs, errors.New("it has both from and to and spans; use one"))
	case len(a.Spans) == 0 && a.Spans == nil || dated:
		errs = append(errs, checkBetween(a.From, a.To)...)
	}
	for i, s := range a.Spans {
		if !s.End.After(s.Start) {
			errs = append(errs, fmt.Errorf("span %d ends when or before it begins; set a later end", i+1))
		}
	}
	return errs
}

// checkBetween checks a pair of wall clocks.
func checkBetween(from, to Civil) (errs []error) {
	begin, end := from.check(), to.check()
	if begin != nil {
		errs = append(errs, fmt.Errorf("from: %w", begin))
	}
	if end != nil {
		errs = append(errs, fmt.Errorf("to: %w", end))
	}
	if begin == nil && end == nil && from.seconds() >= to.seconds() {
		errs = append(errs, fmt.Errorf("it ends at %s, not after it begins; set a later to", to))
	}
	return errs
}

func (c *compiler) checkOverride(i int) {
	o := c.spec.Overrides[i]
	from := o.From
	if o.Type == Swap {
		from = o.A.From
	}
	where := fmt.Sprintf("override %d (%s, from %s)", i+1, cmp.Or(o.Type, "no type"), from)
	c.failAll(where, o.check())
	for _, name := range o.Layers {
		if !slices.ContainsFunc(c.spec.Layers, func(l Layer) bool { return l.named(name) }) {
			c.fail(where, fmt.Errorf("layer %q does not exist; the layers are %s", name, layerNames(c.spec.Layers)))
		}
	}
}

// named says whether a name means a layer: its own, or a role of it, now or before.
func (l Layer) named(name string) bool {
	return l.Name == name || name != "" && (l.Role == name || slices.ContainsFunc(l.Before, func(b Layer) bool { return b.Role == name }))
}

func layerNames(layers []Layer) string {
	names := make([]string, len(layers))
	for i, l := range layers {
		names[i] = l.Name
	}
	return strings.Join(names, ", ")
}
