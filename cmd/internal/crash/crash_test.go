package crash_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/escalation/store/redistest"
)

const (
	// settled bounds the wait at the end: the leases of the killed process run out (12 s), the
	// provider is asked about texts that it may have had (15 s), and then a backlog is sent.
	settled = 60 * time.Second
	// startUp bounds one start.
	startUp = 20 * time.Second
)

// scene is one run: a gateway, phones and a stream.
type scene struct {
	t       *testing.T
	gateway *gateway
	phones  *phones
	stream  *stream
	dice    *dice
	crashes int

	stop   context.CancelFunc // of new deliveries
	hangUp context.CancelFunc // of all
}

func newScene(t *testing.T, store string) *scene {
	t.Helper()
	binary := buildGateway(t)
	seed := uint64(number(t, "TOCSIN_SEED", int(rand.Uint32())))
	t.Logf("TOCSIN_SEED=%d", seed)
	c := &scene{t: t, dice: newDice(seed)}
	c.phones = newPhones(t, c.dice)
	c.gateway = newGateway(t, binary, store, c.phones)
	c.gateway.start()
	c.gateway.ready(startUp)
	c.stream = newStream(c.gateway.url, c.dice, c.phones)
	sending, stop := context.WithCancel(t.Context())
	all, hangUp := context.WithCancel(t.Context())
	c.stop, c.hangUp = stop, hangUp
	t.Cleanup(func() {
		stop()
		hangUp()
		c.stream.work.Wait()
		c.phones.work.Wait()
	})
	c.phones.answerTo(all, c.gateway.url)
	c.stream.run(sending, all)
	return c
}

// number is an environment variable, or the usual value.
func number(t *testing.T, name string, usual int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, name)
	return n
}

func kills(t *testing.T, usual int) int {
	t.Helper()
	if testing.Short() {
		usual = 3
	}
	return number(t, "TOCSIN_KILLS", usual)
}

// killInFlight kills the gateway at a random moment at which requests are under way. It says
// whether one of them got no answer.
func (c *scene) killInFlight() bool {
	c.t.Helper()
	pause(c.t.Context(), 200*time.Millisecond+c.dice.upTo(time.Second))
	c.stream.hurry.Store(true)
	defer c.stream.hurry.Store(false)
	pause(c.t.Context(), c.dice.upTo(80*time.Millisecond))
	require.Eventually(c.t, func() bool { return c.stream.flying.Load() > 0 }, 10*time.Second, time.Millisecond, "the stream stands still")
	before := c.stream.cut.Load()
	c.stream.killed.Store(time.Now().UnixNano())
	c.gateway.kill()
	c.crashes++
	for range 100 { // those that were cut off learn it at once
		if c.stream.cut.Load() > before {
			return true
		}
		pause(c.t.Context(), 2*time.Millisecond)
	}
	return false
}

// restart starts the gateway again; now and then it is killed while it starts.
func (c *scene) restart() {
	c.t.Helper()
	for c.dice.chance(20) {
		c.gateway.start()
		pause(c.t.Context(), c.dice.upTo(200*time.Millisecond))
		c.gateway.kill()
		c.crashes++
	}
	c.gateway.start()
	c.gateway.ready(startUp)
}

// end lets the system settle and judges.
func (c *scene) end(v verdict) {
	c.t.Helper()
	c.stop()
	c.stream.work.Wait()
	var names []string
	alerts, answers := c.stream.tell()
	for _, a := range alerts {
		if a.accepted {
			names = append(names, a.name)
		}
	}
	began := time.Now()
	assert.Eventually(c.t, func() bool { return len(c.phones.unpaged(names)) == 0 && len(c.phones.asks) == 0 },
		settled, 100*time.Millisecond, "alerts that were accepted are not paged")
	c.t.Logf("settled after %s; crashes %d, lives %d, alerts %d, answers %v, cut off %d, replies %d",
		time.Since(began).Round(100*time.Millisecond), c.crashes, c.gateway.lives, len(alerts), answers, c.stream.cut.Load(), c.phones.replies)
	c.hangUp()
	c.phones.work.Wait()
	w := look(c.t, c.gateway.client(), c.phones.texts())
	for until := began.Add(2 * settled); (len(w.late) > 0 || len(w.broken) > 0) && time.Now().Before(until); {
		pause(c.t.Context(), time.Second) // what goes on meanwhile is seen half done
		w = look(c.t, c.gateway.client(), c.phones.texts())
	}
	v = judge(c.t, v, c.crashes, c.stream, c.phones, w)
	assert.Positive(c.t, v.accepted)
	assert.Positive(c.t, v.confirmed)
	c.t.Log(v)
}

// killGateway is the whole story on one store.
func killGateway(t *testing.T, name, store string) {
	c := newScene(t, store)
	v := verdict{store: name}
	want := kills(t, 20)
	for missed := 0; v.kills < want; {
		if c.killInFlight() {
			v.kills++
		} else {
			missed++
			require.Less(t, missed, want, "kills hit no request")
		}
		c.restart()
	}
	c.end(v)
}

// What was accepted survives SIGKILL of the process on the embedded store, and is paged.
func TestBoltGatewayKilled(t *testing.T) {
	t.Parallel()
	killGateway(t, "bolt", t.TempDir())
}

// What was accepted survives SIGKILL of the process on Redis, and is paged.
func TestRedisGatewayKilled(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Always)
	killGateway(t, "redis", server.URL())
}

// What was accepted survives SIGKILL of redis-server; meanwhile the gateway says 503, and
// afterwards it goes on by itself.
func TestRedisKilled(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Always)
	c := newScene(t, server.URL())
	v := verdict{store: "redis-server", kills: kills(t, 5)}
	for range v.kills {
		pause(t.Context(), time.Second+c.dice.upTo(2*time.Second))
		c.stream.hurry.Store(true)
		require.Eventually(t, func() bool { return c.stream.flying.Load() > 0 }, 10*time.Second, time.Millisecond)
		before := c.refused()
		server.Kill()
		c.crashes++
		c.stream.hurry.Store(false)
		require.Eventually(t, func() bool { return c.refused() > before }, 20*time.Second, 10*time.Millisecond,
			"no sender is told 503 while redis-server is down")
		pause(t.Context(), c.dice.upTo(time.Second))
		server.Restart()
		c.gateway.ready(startUp)
	}
	c.end(v)
	assert.Equal(t, 1, c.gateway.lives)
}

// refused is how many deliveries were answered 503.
func (c *scene) refused() int {
	_, answers := c.stream.tell()
	return answers[http.StatusServiceUnavailable]
}
