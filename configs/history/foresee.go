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
	// recentAlerts is how many of the last deliveries show whether routes move.
	recentDeliveries = 500
	// recentSpan is how far back they are looked for.
	recentSpan = 7 * 24 * time.Hour
	// page is how many intakes are read at a time, and mostPages how often.
	page      = 1000
	mostPages = 1000
)

// foresee fills in what a change means for people.
func (h *History) foresee(ctx context.Context, d *draft, p Proposal, now time.Time) error {
	old := d.active.Config
	if old == nil {
		return nil
	}
	d.change.Handovers = handovers(old.Book().Schedules, d.config.Book().Schedules, now)
	before, after := weaknesses(old, now), weaknesses(d.config, now)
	d.change.New, d.change.Gone = without(after, before), without(before, after)
	d.change.Skipped = without(skipped(d.config), skipped(old))
	if p.Origin == FromFiles { // a process that starts does not wait for history
		return nil
	}
	recent, err := h.recent(ctx, now)
	if err != nil {
		return err
	}
	d.change.Routes = replay.Routes(old, d.config, recent)
	if p.Replay == nil {
		return nil
	}
	all, err := h.intakes(ctx, p.Replay.Since)
	if err != nil {
		return err
	}
	report := replay.Compare(old, d.config, all, escalation.ReplayOptions{AckAfter: p.Replay.AckAfter, Until: now})
	d.change.Replay = &report
	return nil
}

// handovers are the shifts of all schedules that change hands.
func handovers(before, after map[string]*schedules.Schedule, now time.Time) []Handover {
	all := []Handover{}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		was, ok := before[name]
		if !ok {
			continue
		}
		for _, m := range schedules.Handovers(was, after[name], now, now.Add(Ahead)) {
			all = append(all, Handover{Schedule: name, Layer: m.Layer, From: m.From, To: m.To, Before: m.Before, After: m.After})
		}
	}
	return all
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

// recent are the last deliveries that came in.
func (h *History) recent(ctx context.Context, now time.Time) ([]store.Intake, error) {
	all, err := h.intakes(ctx, now.Add(-recentSpan))
	return all[max(0, len(all)-recentDeliveries):], err
}

// intakes reads the intake log from an instant on.
func (h *History) intakes(ctx context.Context, from time.Time) (all []store.Intake, err error) {
	for range mostPages {
		got, err := h.Series.Intakes(ctx, from, page)
		if err != nil {
			return nil, err
		}
		fresh := got
		if n := len(all); n > 0 { // a page begins with the instant at which the last one ended
			same := 0
			for n-1-same >= 0 && all[n-1-same].At.Equal(from) {
				same++
			}
			fresh = got[min(same, len(got)):]
		}
		all = append(all, fresh...)
		if len(got) < page || len(fresh) == 0 {
			break
		}
		from = all[len(all)-1].At
	}
	return all, nil
}
