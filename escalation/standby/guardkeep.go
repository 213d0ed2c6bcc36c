package standby

import (
	"context"
	"time"

	"tocsin/escalation/store"
	"tocsin/paging"
)

// ReserveCode implements store.Store.
func (g *Guard) ReserveCode(ctx context.Context, r paging.CodeRequest) (paging.Code, error) {
	return ask(g, func() (paging.Code, error) { return g.Store.ReserveCode(ctx, r) })
}

// AdoptCode implements store.Store.
func (g *Guard) AdoptCode(ctx context.Context, c paging.Code, now time.Time) (bool, error) {
	return ask(g, func() (bool, error) { return g.Store.AdoptCode(ctx, c, now) })
}

// Codes implements store.Store.
func (g *Guard) Codes(ctx context.Context, phone string, now time.Time) ([]paging.Code, error) {
	return ask(g, func() ([]paging.Code, error) { return g.Store.Codes(ctx, phone, now) })
}

// leased is the answer to LeasePhone.
type leased struct {
	lease paging.PhoneLease
	ok    bool
}

// LeasePhone implements store.Store.
func (g *Guard) LeasePhone(ctx context.Context, phone string, now time.Time, lease time.Duration) (paging.PhoneLease, bool, error) {
	l, err := ask(g, func() (l leased, err error) {
		l.lease, l.ok, err = g.Store.LeasePhone(ctx, phone, now, lease)
		return l, err
	})
	return l.lease, l.ok, err
}

// RenewPhone implements store.Store.
func (g *Guard) RenewPhone(ctx context.Context, l paging.PhoneLease, now time.Time, lease time.Duration) error {
	return g.do(func() error { return g.Store.RenewPhone(ctx, l, now, lease) })
}

// ReleasePhone implements store.Store.
func (g *Guard) ReleasePhone(ctx context.Context, l paging.PhoneLease) error {
	return g.do(func() error { return g.Store.ReleasePhone(ctx, l) })
}

// proof is the answer to Once.
type proof struct {
	value string
	there bool
}

// Once implements store.Store.
func (g *Guard) Once(ctx context.Context, key string, now time.Time) (string, bool, error) {
	p, err := ask(g, func() (p proof, err error) {
		p.value, p.there, err = g.Store.Once(ctx, key, now)
		return p, err
	})
	return p.value, p.there, err
}

// SetOnce implements store.Store.
func (g *Guard) SetOnce(ctx context.Context, key, value string, now time.Time, keep time.Duration) error {
	return g.do(func() error { return g.Store.SetOnce(ctx, key, value, now, keep) })
}

// Announce implements store.Store.
func (g *Guard) Announce(ctx context.Context, process string, value []byte, now time.Time, keep time.Duration) error {
	return g.do(func() error { return g.Store.Announce(ctx, process, value, now, keep) })
}

// Announced implements store.Store.
func (g *Guard) Announced(ctx context.Context, now time.Time) (map[string][]byte, error) {
	return ask(g, func() (map[string][]byte, error) { return g.Store.Announced(ctx, now) })
}

// Append implements store.Store.
func (g *Guard) Append(ctx context.Context, series string, after uint64, token string, value []byte) error {
	return g.do(func() error { return g.Store.Append(ctx, series, after, token, value) })
}

// Last implements store.Store.
func (g *Guard) Last(ctx context.Context, series ...string) ([]uint64, error) {
	return ask(g, func() ([]uint64, error) { return g.Store.Last(ctx, series...) })
}

// Value implements store.Store.
func (g *Guard) Value(ctx context.Context, series string, number uint64) ([]byte, error) {
	return ask(g, func() ([]byte, error) { return g.Store.Value(ctx, series, number) })
}

// Record implements store.Store.
func (g *Guard) Record(ctx context.Context, in store.Intake, keep time.Duration) error {
	return g.do(func() error { return g.Store.Record(ctx, in, keep) })
}

// Intakes implements store.Store.
func (g *Guard) Intakes(ctx context.Context, from time.Time, limit int) ([]store.Intake, error) {
	return ask(g, func() ([]store.Intake, error) { return g.Store.Intakes(ctx, from, limit) })
}

// Prune implements store.Store.
func (g *Guard) Prune(ctx context.Context, before time.Time, limit int) (int, error) {
	return ask(g, func() (int, error) { return g.Store.Prune(ctx, before, limit) })
}

// Clock implements store.Store.
func (g *Guard) Clock(ctx context.Context, local time.Time) (time.Time, error) {
	return ask(g, func() (time.Time, error) { return g.Store.Clock(ctx, local) })
}

// Check implements store.Store.
func (g *Guard) Check(ctx context.Context) error {
	return g.do(func() error { return g.Store.Check(ctx) })
}

// Promise implements store.Store.
func (g *Guard) Promise(ctx context.Context) string {
	if g.is() == gateShut {
		return "The store is away: what comes in is kept in the spool of this process (fsync) and merged when it is back."
	}
	return g.Store.Promise(ctx)
}
