package history

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tocsin/configs"
	"tocsin/escalation/store"
	"tocsin/schedules"
)

// Overlay is what people arrange beside the configuration.
type Overlay struct {
	Format    int        `json:"v"`
	Number    uint64     `json:"number"`
	At        time.Time  `json:"at"`
	Author    string     `json:"author"`
	Next      int        `json:"next"` // number of the last ID given
	Overrides []Override `json:"overrides"`
	Covers    []Cover    `json:"covers"`
}

// Override is an override or swap that was arranged here.
type Override struct {
	Schedule string             `json:"schedule"`
	Override schedules.Override `json:"override"` // with an ID, "o12"
	Author   string             `json:"author"`
	Reason   string             `json:"reason,omitempty"`
	At       time.Time          `json:"at"`
}

// Cover asks for somebody who serves instead of User for a while. Taken, it is an override.
type Cover struct {
	ID       string           `json:"id"` // "c13"
	Schedule string           `json:"schedule"`
	Layers   []string         `json:"layers,omitempty"`
	User     schedules.UserID `json:"user"`
	From     schedules.Civil  `json:"from"`
	To       schedules.Civil  `json:"to"`
	Author   string           `json:"author"`
	Reason   string           `json:"reason,omitempty"`
	At       time.Time        `json:"at"`
	TakenBy  schedules.UserID `json:"taken_by,omitempty"`
	TakenAt  time.Time        `json:"taken_at,omitzero"`
}

// override is what a cover that was taken does.
func (c Cover) override() schedules.Override {
	return schedules.Override{
		ID: c.ID, Type: schedules.Replace, From: c.From, To: c.To, Remove: c.User, Add: c.TakenBy, Layers: c.Layers,
	}
}

// overrides are all that the overlay does, by schedule.
func (o Overlay) overrides() map[string][]schedules.Override {
	by := map[string][]schedules.Override{}
	for _, x := range o.Overrides {
		by[x.Schedule] = append(by[x.Schedule], x.Override)
	}
	for _, c := range o.Covers {
		if c.TakenBy != "" {
			by[c.Schedule] = append(by[c.Schedule], c.override())
		}
	}
	return by
}

// asked is overrides with the covers that nobody has taken yet, as if they only took their
// users out: so that what could never be taken is not asked for.
func (o Overlay) asked() map[string][]schedules.Override {
	by := o.overrides()
	for _, c := range o.Covers {
		if c.TakenBy == "" {
			x := c.override()
			x.Type = schedules.Removal
			by[c.Schedule] = append(by[c.Schedule], x)
		}
	}
	return by
}

// Overlay reads the overlay in force; an empty one when there was never any.
func (h *History) Overlay(ctx context.Context) (Overlay, error) {
	head, err := h.Head(ctx)
	if err != nil {
		return Overlay{}, err
	}
	return h.overlay(ctx, head.Overlay)
}

func (h *History) overlay(ctx context.Context, number uint64) (o Overlay, err error) {
	if number > 0 {
		err = h.value(ctx, overlaySeries, number, fmt.Sprintf("overlay %d", number), &o)
	}
	if err != nil {
		return Overlay{}, err
	}
	if o.Number = number; o.Overrides == nil {
		o.Overrides = []Override{}
	}
	if o.Covers == nil {
		o.Covers = []Cover{}
	}
	return o, nil
}

// tries bounds how often a change of the overlay is made again because somebody was faster.
const tries = 20

// Arrange changes the overlay: change gets a copy to alter. Several at once are all kept: who
// comes second has its change made again on what the first left. What does not fit the active
// configuration is refused.
func (h *History) Arrange(ctx context.Context, author string, now time.Time, change func(*Overlay, *configs.Config) error) (Overlay, error) {
	for range tries {
		active, err := h.Load(ctx)
		if err = errors.Join(err, active.Left); err != nil { // what is there must not be written over
			return Overlay{}, err
		}
		next := active.Overlay.copied(now)
		if err := change(&next, active.Config); err != nil {
			return Overlay{}, err
		}
		next.Format, next.Number, next.At, next.Author = format, active.Head.Overlay+1, now, author
		if err := fits(active.Config, active.Revision, active.Overlay, next); err != nil {
			return Overlay{}, err
		}
		data, err := pack(next)
		if err != nil {
			return Overlay{}, err
		}
		err = h.append(ctx, overlaySeries, active.Head.Overlay, data, author, "")
		if !errors.Is(err, store.ErrConflict) {
			return next, err
		}
	}
	return Overlay{}, errors.New("too many people change overrides at the same time; try again")
}

// overlayKept is how long what is over is kept, so that the past is shown as it was.
const overlayKept = 90 * 24 * time.Hour

// copied is a copy without what was over long ago.
func (o Overlay) copied(now time.Time) Overlay {
	old := now.Add(-overlayKept).UTC()
	limit := schedules.Civil{Year: old.Year(), Month: old.Month(), Day: old.Day()}
	o.Overrides = slices.DeleteFunc(slices.Clone(o.Overrides), func(x Override) bool {
		return x.Override.End().Before(limit)
	})
	o.Covers = slices.DeleteFunc(slices.Clone(o.Covers), func(c Cover) bool { return c.To.Before(limit) })
	return o
}

// fits refuses what the configuration has no place for: an override that was not skipped
// before and would be now.
func fits(c *configs.Config, r Revision, before, after Overlay) error {
	was, err := c.With(configs.Extra{Pins: r.Pins, Overrides: before.asked()})
	if err != nil {
		return err
	}
	will, err := c.With(configs.Extra{Pins: r.Pins, Overrides: after.asked()})
	if err != nil { // it was none before: whatever is wrong is wrong with the arrangement
		return &RefusedError{Message: err.Error()}
	}
	known := map[string]bool{}
	for _, s := range skipped(was) {
		known[s] = true
	}
	for _, s := range skipped(will) {
		if !known[s] {
			return &RefusedError{Message: s}
		}
	}
	return nil
}

// RefusedError is a change that was understood and is not possible.
type RefusedError struct{ Message string }

func (e *RefusedError) Error() string { return e.Message }

func refusedf(format string, args ...any) error { return &RefusedError{fmt.Sprintf(format, args...)} }

// NewID numbers what is added.
func (o *Overlay) NewID(kind string) string {
	o.Next++
	return fmt.Sprintf("%s%d", kind, o.Next)
}

// AddOverride arranges an override. The user and the schedule must be configured.
func AddOverride(x Override) func(*Overlay, *configs.Config) error {
	return func(o *Overlay, c *configs.Config) error {
		if err := knows(c, x.Schedule, x.Override.People()...); err != nil {
			return err
		}
		x.Override.ID = o.NewID("o")
		o.Overrides = append(o.Overrides, x)
		return nil
	}
}

// RemoveOverride takes an override, or a request for cover, back.
func RemoveOverride(id string) func(*Overlay, *configs.Config) error {
	return func(o *Overlay, _ *configs.Config) error {
		before := len(o.Overrides) + len(o.Covers)
		o.Overrides = slices.DeleteFunc(o.Overrides, func(x Override) bool { return x.Override.ID == id })
		o.Covers = slices.DeleteFunc(o.Covers, func(c Cover) bool { return c.ID == id })
		if len(o.Overrides)+len(o.Covers) == before {
			return refusedf("there is no override or request for cover %q here; those in files are changed there", id)
		}
		return nil
	}
}

// AskCover asks for cover.
func AskCover(x Cover) func(*Overlay, *configs.Config) error {
	return func(o *Overlay, c *configs.Config) error {
		if err := knows(c, x.Schedule, x.User); err != nil {
			return err
		}
		if !x.From.Before(x.To) {
			return refusedf("the time asked for ends at %s, not after it begins", x.To)
		}
		x.ID, x.TakenBy, x.TakenAt = o.NewID("c"), "", time.Time{}
		o.Covers = append(o.Covers, x)
		return nil
	}
}

// TakeCover has a user serve instead of whoever asked. The first who takes it has it.
func TakeCover(id string, user schedules.UserID, now time.Time) func(*Overlay, *configs.Config) error {
	return func(o *Overlay, c *configs.Config) error {
		i := slices.IndexFunc(o.Covers, func(c Cover) bool { return c.ID == id })
		if i < 0 {
			return refusedf("there is no request for cover %q", id)
		}
		x := &o.Covers[i]
		if err := knows(c, x.Schedule, user); err != nil { // nobody, too, is no user
			return err
		}
		switch {
		case x.TakenBy == user:
			return nil
		case x.TakenBy != "":
			return refusedf("%s has taken %s already, at %s", x.TakenBy, id, x.TakenAt.UTC().Format(time.RFC3339))
		case x.User == user:
			return refusedf("%s asked for this cover; somebody else has to take it", user)
		}
		x.TakenBy, x.TakenAt = user, now
		return nil
	}
}

// knows checks the names in an arrangement.
func knows(c *configs.Config, schedule string, users ...schedules.UserID) error {
	book := c.Book()
	if _, ok := book.Schedules[schedule]; !ok {
		return refusedf("there is no schedule %q; there are %v", schedule, slices.Sorted(maps.Keys(book.Schedules)))
	}
	for _, u := range users {
		if _, ok := book.Users[u]; !ok {
			return refusedf("there is no user %q", u)
		}
	}
	return nil
}
