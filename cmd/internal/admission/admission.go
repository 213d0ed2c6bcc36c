package admission

import (
	"fmt"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"tocsin/configs"
)

// Reason is why a delivery has to wait.
type Reason string

// The reasons.
const (
	Rate  Reason = "rate"  // the integration's own rate_limit
	Share Reason = "share" // it holds its share of the bytes or of the waiting alerts
)

// Refusal says that a delivery has to wait. It is an error for the sender, who should send it
// again after After.
type Refusal struct {
	Reason Reason
	After  time.Duration
}

// Error implements error.
func (r *Refusal) Error() string {
	switch r.Reason {
	case Rate:
		return "this integration sends more alerts than its rate_limit allows; send it again"
	default:
		return "this integration has its share of what is under way; send it again"
	}
}

// shareAfter is when a place may be free again.
const shareAfter = 2 * time.Second

// Capacity is what all senders share.
type Capacity struct {
	Bytes  int64 // of bodies held at one time
	Alerts int64 // waiting to be stored
}

// Control keeps count. It is safe for concurrent use.
type Control struct {
	mu            sync.Mutex
	bytes, alerts pool
	senders       map[string]*sender // of configured integrations only
}

type sender struct {
	bytes, alerts int64 // held now
	bucket        *rate.Limiter
	failures      *rate.Limiter
	quiet         int // failures that were not worth a line since the last that was
	untold        Refused
}

// Refused sums up what one integration was refused.
type Refused struct {
	Since, Last time.Time
	Deliveries  int
	ByRate      int
}

// New returns a Control under which nothing is under way.
func New(c Capacity) *Control {
	return &Control{bytes: pool{limit: c.Bytes}, alerts: pool{limit: c.Alerts}, senders: map[string]*sender{}}
}

// pool is something that all senders share.
type pool struct{ limit, used int64 }

// take lends n more to who holds own: what is free must be left for the others as well.
func (p *pool) take(own *int64, n int64) bool {
	free := p.limit - p.used
	if n > free || *own > 0 && *own+n > free {
		return false
	}
	p.used += n
	*own += n
	return true
}

func (p *pool) give(own *int64, n int64) {
	p.used -= n
	*own -= n
}

func (c *Control) sender(integration string) *sender {
	s := c.senders[integration]
	if s == nil {
		s = &sender{failures: rate.NewLimiter(rate.Every(failureEvery), failureBurst)}
		c.senders[integration] = s
	}
	return s
}

// Alerts lets n alerts of an integration in until release is called, or refuses them with a
// *Refusal. A body with more alerts than the burst costs the whole burst: it must not wait for
// ever. In the same way one with more than all can share gets in when nothing else waits.
func (c *Control) Alerts(integration string, limit configs.RateLimit, n int, now time.Time) (release func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sender(integration)
	held := min(int64(n), c.alerts.limit)
	if !c.alerts.take(&s.alerts, held) {
		return nil, s.refuse(&Refusal{Share, shareAfter}, now)
	}
	if after := s.spend(limit, n, now); after > 0 {
		c.alerts.give(&s.alerts, held)
		return nil, s.refuse(&Refusal{Rate, after}, now)
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.alerts.give(&s.alerts, held)
	}, nil
}

// spend takes tokens, or says when there will be enough.
func (s *sender) spend(limit configs.RateLimit, n int, now time.Time) (after time.Duration) {
	if s.bucket == nil {
		s.bucket = rate.NewLimiter(rate.Limit(limit.AlertsPerSecond), limit.Burst)
	}
	if s.bucket.Limit() != rate.Limit(limit.AlertsPerSecond) || s.bucket.Burst() != limit.Burst { // a reload
		s.bucket.SetLimitAt(now, rate.Limit(limit.AlertsPerSecond))
		s.bucket.SetBurstAt(now, limit.Burst)
	}
	r := s.bucket.ReserveN(now, min(n, limit.Burst))
	if after = r.DelayFrom(now); after > 0 {
		r.CancelAt(now)
	}
	return after
}

func (s *sender) refuse(r *Refusal, now time.Time) *Refusal {
	if s.untold.Deliveries == 0 {
		s.untold.Since = now
	}
	s.untold.Last = now
	s.untold.Deliveries++
	if r.Reason == Rate {
		s.untold.ByRate++
	}
	return r
}

// Seconds is After for the header Retry-After: whole seconds, at least one.
func (r *Refusal) Seconds() int {
	return int(math.Ceil(min(max(r.After, time.Second), time.Minute).Seconds()))
}

// Untold are the integrations that were refused something and whose owner does not know yet.
func (c *Control) Untold() map[string]Refused {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]Refused{}
	for name, s := range c.senders {
		if s.untold.Deliveries > 0 {
			out[name] = s.untold
		}
	}
	return out
}

// Told forgets what was told of an integration; what came since stays.
func (c *Control) Told(integration string, r Refused) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sender(integration)
	s.untold.Deliveries -= r.Deliveries
	s.untold.ByRate -= r.ByRate
	s.untold.Since = r.Last
	if s.untold.Deliveries <= 0 {
		s.untold = Refused{}
	}
}

// Text is the refusals as an owner reads them.
func (r Refused) Text(integration string, zone *time.Location) string {
	why := "too much at once"
	if r.ByRate > 0 {
		why = "its rate_limit"
	}
	return fmt.Sprintf("integration %s was told to wait %d times since %s (%s); its alerts may come late",
		integration, r.Deliveries, r.Since.In(zone).Format("15:04"), why)
}
