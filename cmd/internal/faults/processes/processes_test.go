package processes_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/faults/lab"
	"tocsin/escalation/store/redistest"
)

// processes is how many gateways share the store.
const processes = 3

// cluster is a lab whose gateways reach their store over links.
type cluster struct {
	*lab.Lab
	links []*lab.Link
}

func newCluster(t *testing.T, binary string) *cluster {
	t.Helper()
	server := redistest.Start(t, redistest.Always)
	c := &cluster{}
	o := lab.Options{Binary: binary}
	for range processes {
		link := lab.NewLink(t, server.Addr())
		c.links = append(c.links, link)
		o.Stores = append(o.Stores, link.URL())
	}
	c.Lab = lab.New(t, o)
	return c
}

// enough says whether the run has accepted its alerts.
func (c *cluster) enough() bool {
	return c.Stream.Accepted() >= lab.Number(c.T, "TOCSIN_ALERTS", 1000)
}

// end judges, and prints what the faults cost in time. Nothing may be later than bound, which
// is generous: the machine may be busy.
func (c *cluster) end(bound time.Duration) lab.Verdict {
	c.T.Helper()
	v := c.End()
	c.T.Logf("lateness: %s", c.Late)
	tiers, pages := c.Late.Worst()
	assert.Less(c.T, tiers, bound, "the latest start of a tier")
	assert.Less(c.T, pages, bound, "the latest page")
	return v
}

func (c *cluster) pause(least, upTo time.Duration) {
	lab.Pause(c.T.Context(), least+c.Dice.UpTo(upTo))
}

// Any of three processes is killed at any time and started again, now and then two at once: no
// page is lost, and a page is repeated at most once for each kill.
func TestProcessesKilled(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "")
	kills := 0
	for ; kills < 6 || !c.enough(); kills++ {
		c.pause(500*time.Millisecond, 2*time.Second)
		victims := []*lab.Gateway{c.Gateways[kills%processes]}
		if c.Dice.Chance(25) {
			victims = append(victims, c.Gateways[(kills+1)%processes])
		}
		for _, g := range victims {
			c.Stream.Killed()
			g.Kill()
			c.Crashed.Add(1)
		}
		c.pause(0, time.Second)
		for _, g := range victims {
			g.Start()
		}
		for _, g := range victims {
			g.Ready(lab.StartUp)
		}
	}
	c.end(time.Minute)
}

// Processes are restarted one after the other while alerts come in: each drains, nothing is
// lost, and nobody is texted twice.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "")
	for rounds := 0; rounds < 2 || !c.enough(); rounds++ {
		for _, g := range c.Gateways {
			c.pause(500*time.Millisecond, time.Second)
			g.Stop()
			g.Start()
			g.Ready(lab.StartUp)
		}
	}
	v := c.end(30 * time.Second)
	assert.Zero(t, v.Repeated)
}

// A process that stands still for longer than its leases and then goes on is too late for
// everything that it held: others did it, and what it still tries is refused.
func TestProcessStopped(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "")
	for n := 0; n < 2 || !c.enough(); n++ {
		c.pause(time.Second, time.Second)
		g := c.Gateways[n%processes]
		c.Crashed.Add(1)
		g.Signal(syscall.SIGSTOP)
		c.pause(16*time.Second, 2*time.Second)
		g.Signal(syscall.SIGCONT)
	}
	c.end(time.Minute)
}

// A process that is cut off from Redis, or whose answers get lost, takes nothing more; the others
// do its work, and it goes on when the way is free again.
func TestProcessCutOff(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "")
	for n := 0; n < 4 || !c.enough(); n++ {
		c.pause(time.Second, time.Second)
		link := c.links[n%processes]
		c.Crashed.Add(1)
		if n%2 == 0 {
			link.Cut()
			c.pause(4*time.Second, 3*time.Second)
			link.Mend()
			continue
		}
		link.Spoil("timeout", "downstream", 1, `{"timeout": 0}`) // commands arrive, answers do not
		c.pause(4*time.Second, 3*time.Second)
		link.Heal()
	}
	c.end(time.Minute)
}

// While one version takes the place of another, process by process and back again, both work
// side by side on what the other wrote.
func TestVersionsSideBySide(t *testing.T) {
	t.Parallel()
	older, newer := lab.BuildVersion(t, "v0.1.0"), lab.BuildVersion(t, "v0.1.1")
	c := newCluster(t, older)
	for n := 0; n < 2 || !c.enough(); n++ {
		binary, version := newer, "v0.1.1"
		if n%2 == 1 {
			binary, version = older, "v0.1.0"
		}
		for _, g := range c.Gateways {
			c.pause(time.Second, time.Second)
			g.Stop()
			g.Use(binary)
			g.Start()
			g.Ready(lab.StartUp)
			status, err := g.Client().Status(t.Context())
			require.NoError(t, err)
			require.Equal(t, version, status.Version)
		}
	}
	v := c.end(30 * time.Second)
	assert.Zero(t, v.Repeated)
}
