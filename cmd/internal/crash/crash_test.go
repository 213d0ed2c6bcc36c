package crash_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/faults/lab"
	"tocsin/escalation/store/redistest"
)

// scene is one run with a single gateway.
type scene struct{ *lab.Lab }

func newScene(t *testing.T, store string, flags ...string) *scene {
	t.Helper()
	return &scene{lab.New(t, lab.Options{Stores: []string{store}, Flags: flags})}
}

func kills(t *testing.T, usual int) int {
	t.Helper()
	if testing.Short() {
		usual = 3
	}
	return lab.Number(t, "TOCSIN_KILLS", usual)
}

// killInFlight kills the gateway at a random moment at which requests are under way. It says
// whether one of them got no answer.
func (c *scene) killInFlight() bool {
	c.T.Helper()
	lab.Pause(c.T.Context(), 200*time.Millisecond+c.Dice.UpTo(time.Second))
	c.Stream.Hurry.Store(true)
	defer c.Stream.Hurry.Store(false)
	lab.Pause(c.T.Context(), c.Dice.UpTo(80*time.Millisecond))
	require.Eventually(c.T, func() bool { return c.Stream.Flying.Load() > 0 }, 10*time.Second, time.Millisecond, "the stream stands still")
	before := c.Stream.Cut.Load()
	c.Stream.Killed()
	c.Gateways[0].Kill()
	c.Crashed.Add(1)
	for range 100 { // those that were cut off learn it at once
		if c.Stream.Cut.Load() > before {
			return true
		}
		lab.Pause(c.T.Context(), 2*time.Millisecond)
	}
	return false
}

// restart starts the gateway again; now and then it is killed while it starts.
func (c *scene) restart() {
	c.T.Helper()
	for c.Dice.Chance(20) {
		c.Gateways[0].Start()
		lab.Pause(c.T.Context(), c.Dice.UpTo(200*time.Millisecond))
		c.Gateways[0].Kill()
		c.Crashed.Add(1)
	}
	c.Gateways[0].Start()
	c.Gateways[0].Ready(lab.StartUp)
}

// end judges and says of what.
func (c *scene) end(store string, kills int) {
	c.T.Helper()
	v := c.End()
	c.T.Logf("store=%s kills=%d lives=%d: %s", store, kills, c.Gateways[0].Lives, v)
}

// killGateway is the whole story on one store.
func killGateway(t *testing.T, name, store string) {
	c := newScene(t, store)
	want, killed := kills(t, 20), 0
	for missed := 0; killed < want; {
		if c.killInFlight() {
			killed++
		} else {
			missed++
			require.Less(t, missed, want, "kills hit no request")
		}
		c.restart()
	}
	c.end(name, want)
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

// What was accepted survives SIGKILL of redis-server; meanwhile a gateway without a spool says
// 503, and afterwards it goes on by itself.
func TestRedisKilled(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Always)
	c := newScene(t, server.URL(), "--spool", "")
	killed := kills(t, 5)
	for range killed {
		lab.Pause(t.Context(), time.Second+c.Dice.UpTo(2*time.Second))
		c.Stream.Hurry.Store(true)
		require.Eventually(t, func() bool { return c.Stream.Flying.Load() > 0 }, 10*time.Second, time.Millisecond)
		before := c.Refused()
		server.Kill()
		c.Crashed.Add(1)
		c.Stream.Hurry.Store(false)
		c.Felt(before)
		lab.Pause(t.Context(), c.Dice.UpTo(time.Second))
		server.Restart()
		c.Back()
	}
	c.end("redis-server", killed)
	assert.Equal(t, 1, c.Gateways[0].Lives)
}
