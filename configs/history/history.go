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
	Build  func(configs.Bundle) (*configs.Config, error) // with this process's secrets
	Token  func() string                                 // random, one per Append
}

// ErrNone says that nothing was ever applied.
var ErrNone = errors.New("there is no revision yet; apply a configuration first")

// ErrNoRevision says that the number was never given, or is so old that it was forgotten.
var ErrNoRevision = errors.New("there is no such revision")

// Head tells the numbers of the last revision and the last overlay, 0 for none. It is cheap.
type Head struct{ Config, Overlay uint64 }

// Head reads them.
func (h *History) Head(ctx context.Context) (Head, error) {
	last, err := h.Series.Last(ctx, configSeries, overlaySeries)
	if err != nil {
		return Head{}, err
	}
	return Head{last[0], last[1]}, nil
}

// Revision reads one revision, with 0 the active one.
func (h *History) Revision(ctx context.Context, number uint64) (Revision, error) {
	if number == 0 {
		head, err := h.Head(ctx)
		if err != nil {
			return Revision{}, err
		}
		if number = head.Config; number == 0 {
			return Revision{}, ErrNone
		}
	}
	data, err := h.Series.Value(ctx, configSeries, number)
	if errors.Is(err, store.ErrNotFound) {
		return Revision{}, fmt.Errorf("%w: %d", ErrNoRevision, number)
	}
	if err != nil {
		return Revision{}, err
	}
	var r Revision
	if err := unpack(data, &r); err != nil {
		return Revision{}, fmt.Errorf("revision %d: %w", number, err)
	}
	r.Number = number
	return r, nil
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
		if errors.Is(err, ErrNoRevision) {
			break // forgotten, and so are those before it
		}
		if err != nil {
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
	Config   *configs.Config
}

// Load builds what is in force from the last revision and overlay. ErrNone without a revision.
func (h *History) Load(ctx context.Context) (Active, error) {
	head, err := h.Head(ctx)
	if err != nil {
		return Active{}, err
	}
	if head.Config == 0 {
		return Active{}, ErrNone
	}
	a := Active{Head: head}
	if a.Revision, err = h.Revision(ctx, head.Config); err != nil {
		return Active{}, err
	}
	if a.Overlay, err = h.overlay(ctx, head.Overlay); err != nil {
		return Active{}, err
	}
	base, err := h.Build(a.Revision.Bundle)
	if err != nil {
		return Active{}, err
	}
	a.Config, err = compose(base, a.Revision, a.Overlay)
	return a, err
}

// compose puts pins and overlay on a configuration.
func compose(base *configs.Config, r Revision, o Overlay) (*configs.Config, error) {
	return base.With(configs.Extra{
		Pins: r.Pins, Overrides: o.overrides(), Revision: fmt.Sprintf("%s o%d", r.Label(), o.Number),
	})
}
