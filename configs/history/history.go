package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/configs"
	"tocsin/escalation/store"
)

// The series in the store.
const (
	configSeries  = "config"
	overlaySeries = "overlay"
)

// Series is what history needs of a store; see [store.Store] for what the calls promise.
type Series interface {
	Append(ctx context.Context, series string, after uint64, token string, value []byte) error
	Last(ctx context.Context, series ...string) ([]uint64, error)
	Value(ctx context.Context, series string, number uint64) ([]byte, error)
	Intakes(ctx context.Context, from time.Time, limit int) ([]store.Intake, error)
}

// History reads and makes revisions.
type History struct {
	Series Series
	// Build makes what can be in force here: with this process's secrets.
	Build func(configs.Bundle) (*configs.Config, error)
	// Look makes what is only compared: without secrets. nil: Build serves for both.
	Look  func(configs.Bundle) (*configs.Config, error)
	Token func() string // random, one per Append
	// Stored is told of each value that was stored: "config" or "overlay", its number and bytes,
	// who made it and why; for the audit log. May be nil.
	Stored func(series string, number uint64, value []byte, author, reason string)
}

// Errors that callers tell apart.
var (
	// ErrNone says that nothing was ever applied.
	ErrNone = errors.New("there is no revision yet; apply a configuration first")
	// ErrNoRevision says that the number was never given, or is so old that it was forgotten.
	ErrNoRevision = errors.New("there is no such revision")
	// ErrStore says that the store cannot be asked or written now; trying again can help.
	ErrStore = errors.New("the store of revisions cannot be reached")
)

// BrokenError is something stored that cannot be in force in this process: it does not build
// here, or is damaged, or newer than this program. Trying again helps only when the reason goes.
type BrokenError struct {
	What string // "revision 7"
	Err  error
}

func (e *BrokenError) Error() string { return e.What + ": " + e.Err.Error() }

// Unwrap is the reason.
func (e *BrokenError) Unwrap() error { return e.Err }

// Head tells the numbers of the last revision and the last overlay, 0 for none.
type Head struct{ Config, Overlay uint64 }

// Values are the values in the store that make what is in force at a head: the number by series.
func Values(h Head) map[string]uint64 {
	return map[string]uint64{configSeries: h.Config, overlaySeries: h.Overlay}
}

// Head reads them; it is cheap.
func (h *History) Head(ctx context.Context) (Head, error) {
	last, err := h.Series.Last(ctx, configSeries, overlaySeries)
	if err != nil {
		return Head{}, errors.Join(ErrStore, err)
	}
	return Head{last[0], last[1]}, nil
}

// Revision reads one revision, with 0 the active one.
func (h *History) Revision(ctx context.Context, number uint64) (r Revision, err error) {
	if number == 0 {
		head, err := h.Head(ctx)
		if err != nil {
			return r, err
		}
		if number = head.Config; number == 0 {
			return r, ErrNone
		}
	}
	err = h.value(ctx, configSeries, number, fmt.Sprintf("revision %d", number), &r)
	r.Number = number
	return r, err
}

// value reads a value of a series.
func (h *History) value(ctx context.Context, series string, number uint64, what string, into any) error {
	data, err := h.Series.Value(ctx, series, number)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("%w: %s", ErrNoRevision, what)
	case errors.Is(err, store.ErrNewer):
		return &BrokenError{what, ErrNewer}
	case err != nil:
		return errors.Join(ErrStore, err)
	}
	if err := unpack(data, into); err != nil {
		return &BrokenError{what, err}
	}
	return nil
}

// List describes the last revisions, newest first.
func (h *History) List(ctx context.Context, limit int) ([]Meta, error) {
	head, err := h.Head(ctx)
	if err != nil {
		return nil, err
	}
	list := []Meta{}
	for n := head.Config; n > 0 && len(list) < limit; n-- {
		r, err := h.Revision(ctx, n)
		var broken *BrokenError
		switch {
		case errors.Is(err, ErrNoRevision):
			return list, nil // forgotten, and so are those before it
		case errors.As(err, &broken):
			r.Meta = Meta{Number: n, Parent: n - 1, Reason: "cannot be read: " + broken.Err.Error()}
		case err != nil:
			return nil, err
		}
		list = append(list, r.Meta)
	}
	return list, nil
}

// Active is what is in force.
type Active struct {
	Head
	Revision Revision
	Overlay  Overlay
	Config   *configs.Config // nil when it cannot be built here
	Left     error           // why the overlay had to be left out; nil when it was not
}

// Load builds what is in force from the last revision and overlay. ErrNone without a revision;
// with a [BrokenError] everything but Config is filled in as far as it can be read. An overlay
// that cannot be read or built is left out rather than the revision.
func (h *History) Load(ctx context.Context) (a Active, err error) {
	if a, err = h.Read(ctx); err != nil {
		return a, err
	}
	base, err := h.Build(a.Revision.Bundle)
	if err != nil {
		return a, &BrokenError{"revision " + a.Revision.Label(), err}
	}
	if a.Config, err = compose(base, a.Revision, a.Overlay); err == nil {
		return a, nil
	}
	a.Left = errors.Join(a.Left, err)
	if a.Config, err = compose(base, a.Revision, Overlay{}); err != nil {
		return a, &BrokenError{"revision " + a.Revision.Label(), err}
	}
	return a, nil
}

// Read is Load without building anything: Config stays nil. It is cheap.
func (h *History) Read(ctx context.Context) (a Active, err error) {
	if a.Head, err = h.Head(ctx); err != nil {
		return a, err
	}
	if a.Head.Config == 0 {
		return a, ErrNone
	}
	if a.Revision, err = h.Revision(ctx, a.Head.Config); err != nil {
		return a, err
	}
	if a.Overlay, err = h.overlay(ctx, a.Head.Overlay); errors.Is(err, ErrStore) {
		return a, err
	}
	a.Left = err
	return a, nil
}

// compose puts pins and overlay on a configuration.
func compose(base *configs.Config, r Revision, o Overlay) (*configs.Config, error) {
	return base.With(configs.Extra{
		Pins: r.Pins, Overrides: o.overrides(), Revision: fmt.Sprintf("%s o%d", r.Label(), o.Number),
	})
}
