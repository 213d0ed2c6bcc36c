package configs

import (
	"regexp"
	"strconv"
)

// RateLimit bounds what one integration may send.
type RateLimit struct {
	AlertsPerSecond int // over a long time
	Burst           int // alerts at once; at least AlertsPerSecond
}

// What an integration may send when it does not say. That is more than a healthy sender does
// and less than what would keep others waiting.
const (
	DefaultAlertsPerSecond = 20_000
	DefaultBurst           = 300_000
	DefaultMaxBody         = 32 << 20 // GitHub sends up to 25 MB; Alertmanager never gets past a refusal

	leastBody, mostBody = 1 << 10, 64 << 20
	mostAlerts          = 100_000_000 // no limit, to whoever wants none
)

// rateLimit reads rate_limit of an integration.
func (r *reader) rateLimit(f fields) RateLimit {
	limit := RateLimit{DefaultAlertsPerSecond, DefaultBurst}
	n, ok := f.get("rate_limit")
	if !ok {
		return limit
	}
	g, ok := r.mapping(n, "alerts_per_second", "burst")
	if !ok {
		return limit
	}
	if at, ok := g.get("alerts_per_second"); ok {
		n, ok := r.number(at, mostAlerts)
		if ok && n == 0 {
			r.fail(at, "would let no alert in; write a number from 1")
		}
		limit.AlertsPerSecond = n
		limit.Burst = max(limit.AlertsPerSecond, DefaultBurst/DefaultAlertsPerSecond*limit.AlertsPerSecond)
	}
	if at, ok := g.get("burst"); ok {
		n, ok := r.number(at, mostAlerts)
		if ok && n < limit.AlertsPerSecond {
			r.fail(at, "is less than what one second allows (%d)", limit.AlertsPerSecond)
		}
		limit.Burst = n
	}
	return limit
}

// size is a number of bytes, such as 512KiB.
var size = regexp.MustCompile(`^([0-9]{1,9})(KiB|MiB)$`)

// maxBody reads max_body of an integration, in bytes.
func (r *reader) maxBody(f fields) int64 {
	n, ok := f.get("max_body")
	if !ok {
		return DefaultMaxBody
	}
	s, ok := r.text(n)
	if !ok {
		return DefaultMaxBody
	}
	m := size.FindStringSubmatch(s)
	if m == nil {
		r.fail(n, "%q is no size; write for example 512KiB or 8MiB", s)
		return DefaultMaxBody
	}
	v, _ := strconv.ParseInt(m[1], 10, 64) // digits only
	if v <<= 10; m[2] == "MiB" {
		v <<= 10
	}
	if v < leastBody || v > mostBody {
		r.fail(n, "must be from 1KiB to 64MiB")
		return DefaultMaxBody
	}
	return v
}
