package lab

import (
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	// Settled bounds the wait at the end: the leases of a killed process run out (12 s), the
	// provider is asked about texts that it may have had (15 s), and then a backlog is sent,
	// on a machine that does other things too.
	Settled = 2 * time.Minute
	// StartUp bounds one start of a gateway, and its way back after trouble with its store.
	StartUp = 20 * time.Second
)

// Options say what is on the stage. Only Stores must be set.
type Options struct {
	Binary   string                          // of [Build]; built when empty
	Stores   []string                        // one gateway for each: its --store
	Flags    []string                        // further ones of `tocsin serve`
	Config   string                          // further top-level keys of its YAML
	Provider func(http.Handler) http.Handler // stands before the telephone, as Twilio's edge does
	Spoilt   bool                            // the provider may lose texts: an attempt may fail, and a text never arrive

	Spoolless bool          // no --spool: nothing is taken while the store is away
	Pace      time.Duration // longest pause of a connection between deliveries; 400 ms when 0
	Answers   int           // of a hundred texts so many are answered; 30 when 0
	Within    [tiers]string // each tier's acknowledge_within; 1s, 2s, 2s when empty
}

// usual fills in what is not set.
func (o Options) usual(t testing.TB) Options {
	if o.Binary == "" {
		o.Binary = Build(t)
	}
	if o.Pace == 0 {
		o.Pace = 400 * time.Millisecond
	}
	if o.Answers == 0 {
		o.Answers = 30
	}
	if o.Within[0] == "" {
		o.Within = [tiers]string{"1s", "2s", "2s"}
	}
	return o
}

// Lab is one run: gateways, phones and a stream.
type Lab struct {
	T        testing.TB
	Gateways []*Gateway
	Phones   *Phones
	Stream   *Stream
	Dice     *Dice
	Crashed  atomic.Int64 // faults so far that may each repeat a text
	Late     Lateness     // of this run; known after End
	Lossy    bool         // nothing is promised: count what was lost, and go on

	spoilt bool
	began  time.Time
	stop   context.CancelFunc // of new deliveries
	hangUp context.CancelFunc // of all
}

// New starts the gateways, and the stream once they take alerts. TOCSIN_SEED repeats the dice
// of an earlier run, though not its timing.
func New(t testing.TB, o Options) *Lab {
	t.Helper()
	require.NotEmpty(t, o.Stores)
	o = o.usual(t)
	seed := uint64(Number(t, "TOCSIN_SEED", int(rand.Uint32())))
	t.Logf("TOCSIN_SEED=%d", seed)
	l := &Lab{T: t, Dice: newDice(seed), began: time.Now(), spoilt: o.Spoilt}
	l.Phones = newPhones(t, l.Dice, o)
	public := ""
	if len(o.Stores) > 1 {
		public = newFront(t, func() []*Gateway { return l.Gateways })
	}
	var urls []string
	for _, store := range o.Stores {
		g := newGateway(t, o, store, public, l.Phones.url)
		l.Gateways = append(l.Gateways, g)
		urls = append(urls, g.URL)
	}
	for _, g := range l.Gateways {
		g.Start()
		g.Ready(StartUp)
	}
	if public == "" {
		public = urls[0]
	}
	l.Stream = &Stream{urls: urls, pace: o.Pace, dice: l.Dice, phones: l.Phones, answers: map[int]int{}}
	l.run(public)
	return l
}

func (l *Lab) run(public string) {
	sending, stop := context.WithCancel(l.T.Context())
	all, hangUp := context.WithCancel(l.T.Context())
	l.stop, l.hangUp = stop, hangUp
	l.T.Cleanup(func() {
		stop()
		hangUp()
		l.Stream.work.Wait()
		l.Phones.work.Wait()
	})
	l.Phones.answerTo(all, public)
	l.Stream.run(sending, all)
}

// Number is an environment variable, or the usual value.
func Number(t testing.TB, name string, usual int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, name)
	return n
}

// Await waits until so many alerts are accepted.
func (l *Lab) Await(n int) {
	l.T.Helper()
	require.Eventually(l.T, func() bool { return l.Stream.Accepted() >= n }, 3*time.Minute, 50*time.Millisecond,
		"the gateways do not take %d alerts", n)
}

// End lets the system settle and judges.
func (l *Lab) End() Verdict {
	l.T.Helper()
	l.stop()
	l.delivered()
	began := time.Now()
	l.merged()
	l.settle()
	settled := time.Since(began)
	l.hangUp()
	l.Phones.work.Wait()
	w := l.look()
	for until := began.Add(2 * Settled); (len(w.late) > 0 || len(w.broken) > 0) && time.Now().Before(until); {
		Pause(l.T.Context(), time.Second) // what goes on meanwhile is seen half done
		w = l.look()
	}
	v := l.judge(w)
	l.Late = w.lateness
	alerts, answers := l.Stream.tell()
	l.T.Logf("took %s, settled after %s; texts %d, crashes %d, alerts %d, in the store %d, answers %v, cut off %d, acknowledgements confirmed %d",
		began.Sub(l.began).Round(time.Second), settled.Round(100*time.Millisecond), len(l.Phones.texts()), l.Crashed.Load(), len(alerts), v.Stored, answers, l.Stream.Cut.Load(), v.Confirmed)
	assert.Positive(l.T, v.Accepted)
	assert.Positive(l.T, v.Confirmed)
	l.T.Log(v)
	return v
}

// delivered waits until the senders who do not give up are through.
func (l *Lab) delivered() {
	l.T.Helper()
	through := make(chan struct{})
	go func() {
		l.Stream.work.Wait()
		close(through)
	}()
	select {
	case <-through:
	case <-time.After(2 * Settled):
		l.hangUp()
		<-through
		l.T.Error("senders are refused for ever")
	}
}

// settle waits until every accepted alert is paged and every answer that people want to give
// is given. Where something may be lost, what the store has no longer is not waited for.
func (l *Lab) settle() {
	var names []string
	alerts, _ := l.Stream.tell()
	for _, a := range alerts {
		if a.accepted {
			names = append(names, a.name)
		}
	}
	done := func() bool { return len(l.Phones.unpaged(names)) == 0 && len(l.Phones.asks) == 0 }
	if l.Lossy {
		known := l.look()
		var there []string
		for _, name := range names {
			if len(known.byAlert[name]) > 0 {
				there = append(there, name)
			}
		}
		names = there
	}
	if !assert.Eventually(l.T, done, Settled, 100*time.Millisecond, "the backlog is not done") {
		l.T.Logf("alerts that are not paged: %d; texts that nobody got to answer: %d", len(l.Phones.unpaged(names)), len(l.Phones.asks))
	}
}

// merged waits until no gateway has anything left that it kept while its store was away.
func (l *Lab) merged() {
	l.T.Helper()
	assert.Eventually(l.T, func() bool { return !l.degraded() }, Settled, 200*time.Millisecond,
		"what a gateway kept is not in the store")
}
