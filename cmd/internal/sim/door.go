package sim

import (
	"context"
	"errors"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

var errOutage = errors.New("sim: the store does not answer")

// fate is what becomes of one call.
type fate struct {
	before, after time.Duration // waits
	fail          string        // Before or After: the caller sees an error
	hang          bool          // until the caller gives up
	crash         string        // Before or After
	down          time.Duration
}

// fate decides by what is armed for the process; each armed fault strikes once.
func (l *life) fate(op string) fate {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	var f fate
	if o, ok := l.p.outageNow(time.Now()); ok && op != "send" {
		f.fail, f.hang = Before, o.mode == "hangs"
		if o.mode == "answers are lost" {
			f.fail = After
		}
	}
	for i, e := range l.p.armed {
		if e.Op != "" && e.Op != op || e.Op == "" && op == "send" {
			continue
		}
		switch e.Kind {
		case Crash:
			f.crash, f.down = e.When, e.For
		case Lose:
			f.fail = e.When
			l.w.fault("%s: %s fails %s", l.name, op, e.When)
		case Delay:
			if f.after = e.For; e.When == Before {
				f.before, f.after = e.For, 0
			}
			l.w.fault("%s: %s takes %s longer, %s", l.name, op, e.For, e.When)
		}
		l.p.armed = append(l.p.armed[:i:i], l.p.armed[i+1:]...)
		break
	}
	return f
}

// through lets one call of a process pass to the store, with what fate has for it. Each call
// takes some time before it is applied and some before its answer is seen; crashes and lost
// answers strike between.
func through[T any](ctx context.Context, l *life, op, what string, apply func() (T, error)) (T, error) {
	var none T
	if l.isDead() {
		return none, errCrashed
	}
	f := l.fate(op)
	if f.before > 0 {
		return late(ctx, l, f.before, apply)
	}
	if err := pause(ctx, l.w.jitter(l.name, op, what)); err != nil {
		return none, err
	}
	if f.hang {
		<-ctx.Done()
		return none, ctx.Err()
	}
	if f.crash == Before {
		l.w.kill(l, f.down, "before "+op)
	}
	if l.isDead() {
		return none, errCrashed
	}
	if f.fail == Before {
		return none, errOutage
	}
	v, err := apply()
	if f.crash == After {
		l.w.kill(l, f.down, "after "+op)
	}
	if err := pause(ctx, l.w.jitter(l.name, op, what, "answer")+f.after); err != nil {
		return none, err
	}
	if l.isDead() {
		return none, errCrashed
	}
	if f.fail == After {
		return none, errOutage
	}
	return v, err
}

// late lets a call reach the store after so long, whether or not its caller still waits or lives.
func late[T any](ctx context.Context, l *life, after time.Duration, apply func() (T, error)) (T, error) {
	type answer struct {
		v   T
		err error
	}
	done := make(chan answer, 1)
	l.w.away.Go(func() {
		time.Sleep(after + l.w.jitter(l.name, "late"))
		v, err := apply()
		done <- answer{v, err}
	})
	var none T
	select {
	case <-ctx.Done():
		return none, ctx.Err()
	case a := <-done:
		if l.isDead() {
			return none, errCrashed
		}
		return a.v, a.err
	}
}

// pause waits, but no longer than the caller does.
func pause(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if d < 100*time.Millisecond { // too short to be given up
		time.Sleep(d)
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (l *life) Load(ctx context.Context, queries []store.Query) ([]store.Loaded, error) {
	return through(ctx, l, "load", string(queries[0].ID)+string(queries[0].Key), func() ([]store.Loaded, error) {
		return l.Store.Load(ctx, queries)
	})
}

func (l *life) Commit(ctx context.Context, changes []store.Change) ([]store.Committed, error) {
	return through(ctx, l, "commit", string(changes[0].Incident.Key), func() ([]store.Committed, error) {
		out, err := l.Store.Commit(ctx, changes)
		if err == nil {
			l.w.journalCommit(l, changes, out)
		}
		return out, err
	})
}

func (l *life) Touch(ctx context.Context, touches []store.Touch) ([]bool, error) {
	return through(ctx, l, "touch", string(touches[0].ID), func() ([]bool, error) { return l.Store.Touch(ctx, touches) })
}

// both is through for calls that answer with two values.
func both[A, B any](ctx context.Context, l *life, op, what string, apply func() (A, B, error)) (A, B, error) {
	type answer struct {
		a A
		b B
	}
	got, err := through(ctx, l, op, what, func() (x answer, err error) {
		x.a, x.b, err = apply()
		return x, err
	})
	return got.a, got.b, err
}

func (l *life) ClaimTimers(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]store.TimerClaim, time.Time, error) {
	return both(ctx, l, "claim timers", "", func() ([]store.TimerClaim, time.Time, error) {
		return l.Store.ClaimTimers(ctx, now, lease, limit)
	})
}

func (l *life) ClaimAttempts(ctx context.Context, now time.Time, leases paging.Leases, limit int) ([]paging.Claim, time.Time, error) {
	return both(ctx, l, "claim attempts", "", func() ([]paging.Claim, time.Time, error) {
		return l.Store.ClaimAttempts(ctx, now, leases, limit)
	})
}

func (l *life) Begin(ctx context.Context, now time.Time, lease time.Duration, starts []paging.Start) ([]error, error) {
	return through(ctx, l, "begin", string(starts[0].Claim.Attempt.ID), func() ([]error, error) {
		out, err := l.Store.Begin(ctx, now, lease, starts)
		if err == nil {
			l.w.journalBegin(l, starts, out)
		}
		return out, err
	})
}

type nothing struct{}

func (l *life) Defer(ctx context.Context, claims []paging.Claim, until time.Time) error {
	_, err := through(ctx, l, "defer", string(claims[0].Attempt.ID), func() (nothing, error) {
		return nothing{}, l.Store.Defer(ctx, claims, until)
	})
	return err
}

func (l *life) FindIdentity(ctx context.Context, members []escalation.MemberKey) (map[escalation.MemberKey][]paging.IncidentID, error) {
	return through(ctx, l, "find", members[0].Identity, func() (map[escalation.MemberKey][]paging.IncidentID, error) {
		return l.Store.FindIdentity(ctx, members)
	})
}

func (l *life) FindGroup(ctx context.Context, integration, group string, listed map[string]bool) ([]store.Membership, error) {
	return through(ctx, l, "find", group, func() ([]store.Membership, error) { return l.Store.FindGroup(ctx, integration, group, listed) })
}

func (l *life) List(ctx context.Context, f store.Filter) ([]escalation.Incident, error) {
	return through(ctx, l, "list", "", func() ([]escalation.Incident, error) { return l.Store.List(ctx, f) })
}

func (l *life) AttemptsOf(ctx context.Context, id paging.IncidentID) ([]paging.Attempt, error) {
	return through(ctx, l, "attempts", string(id), func() ([]paging.Attempt, error) { return l.Store.AttemptsOf(ctx, id) })
}

func (l *life) ReserveCode(ctx context.Context, r paging.CodeRequest) (paging.Code, error) {
	return through(ctx, l, "reserve code", r.Phone, func() (paging.Code, error) { return l.Store.ReserveCode(ctx, r) })
}

func (l *life) Codes(ctx context.Context, phone string, now time.Time) ([]paging.Code, error) {
	return through(ctx, l, "codes", phone, func() ([]paging.Code, error) { return l.Store.Codes(ctx, phone, now) })
}

func (l *life) LeasePhone(ctx context.Context, phone string, now time.Time, lease time.Duration) (paging.PhoneLease, bool, error) {
	return both(ctx, l, "lease phone", phone, func() (paging.PhoneLease, bool, error) { return l.Store.LeasePhone(ctx, phone, now, lease) })
}

func (l *life) RenewPhone(ctx context.Context, lease paging.PhoneLease, now time.Time, until time.Duration) error {
	_, err := through(ctx, l, "renew phone", lease.Phone, func() (nothing, error) { return nothing{}, l.Store.RenewPhone(ctx, lease, now, until) })
	return err
}

func (l *life) ReleasePhone(ctx context.Context, lease paging.PhoneLease) error {
	_, err := through(ctx, l, "release phone", lease.Phone, func() (nothing, error) { return nothing{}, l.Store.ReleasePhone(ctx, lease) })
	return err
}

func (l *life) Once(ctx context.Context, key string, now time.Time) (string, bool, error) {
	return both(ctx, l, "once", key, func() (string, bool, error) { return l.Store.Once(ctx, key, now) })
}

func (l *life) SetOnce(ctx context.Context, key, value string, now time.Time, keep time.Duration) error {
	_, err := through(ctx, l, "set once", key, func() (nothing, error) { return nothing{}, l.Store.SetOnce(ctx, key, value, now, keep) })
	return err
}

// Clock is the true time: the store's clock is the one that never jumps.
func (l *life) Clock(ctx context.Context, _ time.Time) (time.Time, error) {
	return through(ctx, l, "clock", "", func() (time.Time, error) { return time.Now(), nil })
}
