package watch

import (
	"context"
	"strings"
	"sync"
	"time"

	"tocsin/escalation/store"
)

const (
	// awayAfter is how long nobody may have been there before silence says nothing any more: the
	// same as for alerts that end by silence.
	awayAfter   = time.Minute
	presentKey  = "watch:present"
	presentKept = 400 * 24 * time.Hour
)

// presence is since when some process of the installation has been there to hear what comes
// in, without a pause that counts. It is kept in the store: while that is away nobody is.
type presence struct {
	mu          sync.Mutex
	since, last time.Time
}

// confirm says that this process is there.
func (p *presence) confirm(ctx context.Context, s store.Store, now time.Time) error {
	value, _, err := s.Once(ctx, presentKey, now)
	if err != nil {
		return err
	}
	began, latest, _ := strings.Cut(value, " ")
	since, last := readInstant(began), readInstant(latest)
	if since.IsZero() || now.Sub(last) > awayAfter {
		since = now
	}
	if err := s.SetOnce(ctx, presentKey, instant(since)+" "+instant(now), now, presentKept); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since, p.last = since, now
	return nil
}

// at returns since when somebody has been there; false when that is not known at now.
func (p *presence) at(now time.Time) (since time.Time, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.since, !p.since.IsZero() && now.Sub(p.last) <= awayAfter
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// readInstant is the zero time for what is none.
func readInstant(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t
}
