package sim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestStories ensures that what a history once broke stays mended: each is the least script that
// showed a fault.
func TestStories(t *testing.T) {
	indexOf := func(identity string) int {
		for i, a := range alerts() {
			if a.identity == identity {
				return i
			}
		}
		t.Fatal(identity)
		return 0
	}
	minute := time.Minute
	for name, s := range map[string]Script{
		"a store that never answers stops the timers only while it does not": {
			Skew: make([]time.Duration, 1), Lanes: 3, Poll: 5 * time.Second, Length: 10 * minute, Events: []Event{
				{At: time.Second, Kind: Fire, Alert: indexOf("disk-9"), Severity: "error"},
				{At: minute, Kind: Outage, For: minute, Mode: "hangs"},
			},
		},
		"a text that comes twice at once is told how it stands, not what it asked for": {
			Skew: make([]time.Duration, 2), Lanes: 1, Poll: 5 * time.Second, Length: 10 * minute, Events: []Event{
				{At: minute, Kind: Fire, Alert: indexOf("disk-1"), Severity: "error"},
				{At: 2 * minute, Kind: Resolve, Alert: indexOf("disk-1"), Severity: "error"},
				{At: 3 * minute, Kind: Reply, Twice: true},
			},
		},
		"a process that starts with a wrong clock leases nothing by it": {
			Seed: 1642, Skew: []time.Duration{36 * minute, 0}, Lanes: 3, Poll: 10 * time.Second, Length: 20 * minute, Events: []Event{
				{At: 9 * minute, Kind: Fire, Alert: indexOf("disk-1"), Severity: "warning"},
				{At: 12 * minute, Kind: Crash, When: Before, Op: "claim timers", For: 59*time.Second + 900*time.Millisecond},
				{At: 13*minute - time.Second, Kind: Crash, When: Before, Op: "lease phone", For: 3 * time.Second},
				{At: 13*minute - time.Second, Kind: Delay, Proc: 1, Op: "begin", When: After, For: 20 * time.Second},
			},
		},
		"a clock that jumps by an hour leases no phone for an hour": {
			Seed: 1259, Skew: make([]time.Duration, 2), Lanes: 3, Poll: 5 * time.Second, Length: 11 * minute, Events: []Event{
				{At: 2 * minute, Kind: Fire, Alert: indexOf("both-1"), Severity: "error"},
				{At: 4 * minute, Kind: Crash, Op: "send", When: After, For: 10 * time.Second},
				{At: 6*minute - 4*time.Second, Kind: Clock, For: time.Hour},
			},
		},
		"a process that starts with a new book judges again what an older one kept quiet": {
			Skew: make([]time.Duration, 1), Lanes: 1, Poll: 5 * time.Second, Length: 10 * minute, Events: []Event{
				{At: minute, Kind: Fire, Alert: indexOf("noise-1"), Severity: "error"},
				{At: 2 * minute, Kind: Restart, For: 30 * time.Second},
				{At: 2*minute + 10*time.Second, Kind: Reload, Book: 1},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := play(t, s)
			for _, v := range Check(h) {
				t.Error(v)
			}
			assert.NotEmpty(t, h.Sends, h)
			if t.Failed() {
				t.Log(h)
			}
		})
	}
}
