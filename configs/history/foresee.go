package history

import (
	"context"
	"maps"
	"slices"
	"time"

	"tocsin/configs"
	"tocsin/configs/replay"
	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/schedules"
)

const (
	// recentDeliveries is how many of the last deliveries show whether routes move.
	recentDeliveries = 500
	// mostReplay is how far back a replay may begin.
	mostReplay = 400 * 24 * time.Hour
	// page is how many intakes are read at a time, and mostPages how often.
	page      = 1000
	mostPages = 2000
)

// recentSpans is how far back recent deliveries are looked for, until there are enough.
func recentSpans() []time.Duration {
	return []time.Duration{10 * time.Minute, time.Hour, 24 * time.Hour, 7 * 24 * time.Hour}
}

// foresee fills in what a change means for people. What cannot be told is noted, and stops
// nothing: a change may be urgent.
func (h *History) foresee(ctx context.Context, d *draft, p Proposal, now time.Time) error {
	if d.old == nil {
		return nil
	}
	d.change.Handovers = handovers(d.old.Book().Schedules, d.config.Book().Schedules, now)
	if p.Origin == FromFiles { // a process that starts waits for nothing that nobody reads
		return nil
	}
	before, after := weaknesses(d.old, now), weaknesses(d.config, now)
	d.change.New, d.change.Gone = without(after, before), without(before, after)
	d.change.Skipped = without(skipped(d.config), skipped(d.old))
	recent, err := h.recent(ctx, now)
	if err != nil {
		notef(d, "recent alerts cannot be read, so it is not known whether routes move: %v", err)
	} else {
		d.change.Routes = replay.Routes(d.old, d.config, recent)
	}
	if p.Replay == nil {
		return nil
	}
	if p.Replay.Since.Before(now.Add(-mostReplay)) {
		return refusedf("a replay may begin at most 400 days ago, not %s", p.Replay.Since.UTC().Format(time.RFC3339))
	}
	comparison := replay.NewComparison(d.old, d.config, escalation.ReplayOptions{AckAfter: p.Replay.AckAfter, Until: now})
	if err := h.intakes(ctx, p.Replay.Since, comparison.Add); err != nil {
		return err
	}
	report := comparison.Report()
	d.change.Replay = &report
	return nil
}

// handovers are the shifts of all schedules that change hands; of one that is new or gone, all.
func handovers(before, after map[string]*schedules.Schedule, now time.Time) []Handover {
	all := []Handover{}
	names := slices.Collect(maps.Keys(before))
	for name := range after {
		if before[name] == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	until := now.Add(Ahead)
	for _, name := range names {
		was, is := before[name], after[name]
		switch {
		case was == nil:
			for _, x := range served(is, now, until) {
				all = append(all, Handover{Schedule: name, Layer: x.Layer, From: x.Start, To: x.End, After: x.Users})
			}
		case is == nil:
			for _, x := range served(was, now, until) {
				all = append(all, Handover{Schedule: name, Layer: x.Layer, From: x.Start, To: x.End, Before: x.Users})
			}
		default:
			for _, m := range schedules.Handovers(was, is, now, until) {
				all = append(all, Handover{Schedule: name, Layer: m.Layer, From: m.From, To: m.To, Before: m.Before, After: m.After})
			}
		}
	}
	return all
}

// served are the shifts of a schedule in which somebody serves, as a whole and by layers.
func served(s *schedules.Schedule, from, to time.Time) []schedules.Shift {
	return slices.DeleteFunc(append(s.Final(from, to), s.Shifts("", from, to)...), func(x schedules.Shift) bool { return len(x.Users) == 0 })
}

// weaknesses are the sentences about a configuration that deserve a look.
func weaknesses(c *configs.Config, now time.Time) (all []string) {
	for _, w := range c.Weaknesses(now) {
		all = append(all, w.Message)
	}
	return all
}

func skipped(c *configs.Config) (all []string) {
	for _, s := range c.Skipped() {
		all = append(all, s.String())
	}
	return all
}

// without is a without what is also in b, each as often as it occurs.
func without(a, b []string) (rest []string) {
	left := map[string]int{}
	for _, s := range b {
		left[s]++
	}
	for _, s := range a {
		if left[s] > 0 {
			left[s]--
			continue
		}
		rest = append(rest, s)
	}
	return rest
}

// recent are the last deliveries that came in, oldest first.
func (h *History) recent(ctx context.Context, now time.Time) (last []store.Intake, err error) {
	for _, back := range recentSpans() {
		last = last[:0]
		err = h.intakes(ctx, now.Add(-back), func(got []store.Intake) {
			last = append(last, got...)
			last = last[max(0, len(last)-recentDeliveries):]
		})
		if err != nil || len(last) == recentDeliveries {
			break
		}
	}
	return last, err
}

// intakes reads the intake log from an instant on, page by page.
func (h *History) intakes(ctx context.Context, from time.Time, each func([]store.Intake)) error {
	same := 0 // how many entries at from were taken already
	for range mostPages {
		asked := same + page
		got, err := h.Series.Intakes(ctx, from, asked)
		if err != nil {
			return err
		}
		fresh := got[min(same, len(got)):]
		if len(fresh) == 0 {
			return nil
		}
		each(fresh)
		last := fresh[len(fresh)-1].At
		if !last.Equal(from) {
			same = 0
		}
		for i := len(fresh) - 1; i >= 0 && fresh[i].At.Equal(last); i-- {
			same++
		}
		if from = last; len(got) < asked {
			return nil
		}
	}
	return nil
}
