package standby

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// ErrAway says that the shared store cannot be reached, and was not asked.
var ErrAway = errors.New("standby: the store is away; this process works on its own until it is back")

// errNeverThere says that a process was started without the store.
var errNeverThere = errors.New("standby: the store could not be reached when this process started")

// gate is how far a [Guard] lets callers through.
type gate int32

const (
	gateOpen     gate = iota
	gateNoClaims      // all but claims: no timer fires and nothing is sent
	gateShut
)

// Guard is the shared store as everybody in this process sees it.
type Guard struct {
	store.Store
	gate    atomic.Int32
	trouble func(error) // told of each failed call; must not block
}

// Unwrap is the shared store itself, for what only its own kind can do.
func (g *Guard) Unwrap() store.Store { return g.Store }

func (g *Guard) set(to gate) { g.gate.Store(int32(to)) }
func (g *Guard) is() gate    { return gate(g.gate.Load()) }

// ask calls the store unless it is away.
func ask[T any](g *Guard, call func() (T, error)) (T, error) {
	if g.is() == gateShut {
		var none T
		return none, ErrAway
	}
	v, err := call()
	g.saw(err)
	return v, err
}

func (g *Guard) do(call func() error) error {
	_, err := ask(g, func() (struct{}, error) { return struct{}{}, call() })
	return err
}

// saw tells of trouble. Answers of the store that are about the question are none, nor is a
// caller who hung up.
func (g *Guard) saw(err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	for _, answer := range []error{store.ErrConflict, store.ErrFenced, store.ErrNotFound, store.ErrNewer, store.ErrNoCode} {
		if errors.Is(err, answer) {
			return
		}
	}
	g.trouble(err)
}

// Load implements store.Store.
func (g *Guard) Load(ctx context.Context, queries []store.Query) ([]store.Loaded, error) {
	return ask(g, func() ([]store.Loaded, error) { return g.Store.Load(ctx, queries) })
}

// Commit implements store.Store.
func (g *Guard) Commit(ctx context.Context, changes []store.Change) ([]store.Committed, error) {
	return ask(g, func() ([]store.Committed, error) { return g.Store.Commit(ctx, changes) })
}

// Touch implements store.Store.
func (g *Guard) Touch(ctx context.Context, touches []store.Touch) ([]bool, error) {
	return ask(g, func() ([]bool, error) { return g.Store.Touch(ctx, touches) })
}

// claimed is the answer to a claim.
type claimed[T any] struct {
	claims []T
	next   time.Time
}

// ClaimTimers implements store.Store; nothing is due while the store is away.
func (g *Guard) ClaimTimers(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]store.TimerClaim, time.Time, error) {
	if g.is() != gateOpen {
		return nil, time.Time{}, nil
	}
	c, err := ask(g, func() (c claimed[store.TimerClaim], err error) {
		c.claims, c.next, err = g.Store.ClaimTimers(ctx, now, lease, limit)
		return c, err
	})
	return c.claims, c.next, err
}

// ClaimAttempts implements store.Store; nothing is due while the store is away.
func (g *Guard) ClaimAttempts(ctx context.Context, now time.Time, leases paging.Leases, limit int) ([]paging.Claim, time.Time, error) {
	if g.is() != gateOpen {
		return nil, time.Time{}, nil
	}
	c, err := ask(g, func() (c claimed[paging.Claim], err error) {
		c.claims, c.next, err = g.Store.ClaimAttempts(ctx, now, leases, limit)
		return c, err
	})
	return c.claims, c.next, err
}

// Begin implements store.Store. Nothing is begun while replies wait to be applied.
func (g *Guard) Begin(ctx context.Context, now time.Time, lease time.Duration, starts []paging.Start) ([]error, error) {
	if g.is() != gateOpen {
		return nil, ErrAway
	}
	return ask(g, func() ([]error, error) { return g.Store.Begin(ctx, now, lease, starts) })
}

// Defer implements store.Store.
func (g *Guard) Defer(ctx context.Context, claims []paging.Claim, until time.Time) error {
	return g.do(func() error { return g.Store.Defer(ctx, claims, until) })
}

// FindIdentity implements store.Store.
func (g *Guard) FindIdentity(ctx context.Context, members []escalation.MemberKey) (map[escalation.MemberKey][]paging.IncidentID, error) {
	return ask(g, func() (map[escalation.MemberKey][]paging.IncidentID, error) {
		return g.Store.FindIdentity(ctx, members)
	})
}

// FindGroup implements store.Store.
func (g *Guard) FindGroup(ctx context.Context, integration, group string, but map[string]bool) ([]store.Membership, error) {
	return ask(g, func() ([]store.Membership, error) { return g.Store.FindGroup(ctx, integration, group, but) })
}

// List implements store.Store.
func (g *Guard) List(ctx context.Context, f store.Filter) ([]escalation.Incident, error) {
	return ask(g, func() ([]escalation.Incident, error) { return g.Store.List(ctx, f) })
}

// Timeline implements store.Store.
func (g *Guard) Timeline(ctx context.Context, id paging.IncidentID) ([]escalation.Entry, error) {
	return ask(g, func() ([]escalation.Entry, error) { return g.Store.Timeline(ctx, id) })
}

// MembersOf implements store.Store.
func (g *Guard) MembersOf(ctx context.Context, id paging.IncidentID, limit int) ([]escalation.Member, error) {
	return ask(g, func() ([]escalation.Member, error) { return g.Store.MembersOf(ctx, id, limit) })
}

// AttemptsOf implements store.Store.
func (g *Guard) AttemptsOf(ctx context.Context, id paging.IncidentID) ([]paging.Attempt, error) {
	return ask(g, func() ([]paging.Attempt, error) { return g.Store.AttemptsOf(ctx, id) })
}
