package redis_test

import (
	"testing"
	"time"

	"tocsin/cmd/internal/faults/lab"
)

// alone has the gateways refuse alerts while Redis is away: here it is Redis that is proven, not
// the spool.
var alone = []string{"--spool", ""}

// cell is one fault on one setting.
type cell struct {
	fault   string
	setting string
	lossy   bool // the setting promises nothing about this fault
	stage   func(t *testing.T) stage
}

// stage is the store that a cell plays on.
type stage struct {
	store  string           // --store of the gateway
	strike func(l *lab.Lab) // one fault, and its end
	again  func(l *lab.Lab) // waits until the next fault can strike; optional
}

// play strikes in rounds while alerts stream in, until enough of them were accepted.
func (c cell) play(t *testing.T, binary string) lab.Verdict {
	s := c.stage(t)
	l := lab.New(t, lab.Options{
		Binary: binary, Stores: []string{s.store}, Flags: alone, Pace: 150 * time.Millisecond, Answers: 10,
		Within: [...]string{"2s", "1m", "1m"}, // timers come due in the midst of it, and few enough texts for a small machine
	})
	l.Lossy = c.lossy
	rounds, alerts := lab.Number(t, "TOCSIN_FAULTS_ROUNDS", 1), lab.Number(t, "TOCSIN_FAULTS_ALERTS", 1000)
	for n := range rounds {
		l.Await(alerts * (2*n + 1) / (2*rounds + 1))
		l.Crashed.Add(1)
		s.strike(l)
		l.Back()
		if s.again != nil && n < rounds-1 {
			s.again(l)
		}
	}
	l.Await(alerts)
	return l.End()
}

// Whatever happens to Redis, what was accepted under a setting that promises to keep it is
// paged; under the others it is counted what was lost.
func TestRedis(t *testing.T) {
	binary := lab.Build(t)
	var report lab.Report
	t.Run("cells", func(t *testing.T) {
		for _, c := range cells() {
			t.Run(c.fault+"/"+c.setting, func(t *testing.T) {
				t.Parallel()
				report.Add(t, c.fault, c.setting, c.play(t, binary))
			})
		}
	})
	t.Log(report.Table())
}

func cells() []cell {
	var all []cell
	all = append(all, plain()...)
	all = append(all, sentinels()...)
	all = append(all, clusters()...)
	return all
}
