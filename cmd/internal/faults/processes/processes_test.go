package processes_test

import (
	"os"
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

func newCluster(t *testing.T, o lab.Options) *cluster {
	t.Helper()
	t.Parallel()
	server := redistest.Start(t, redistest.Always)
	c := &cluster{}
	o.Pace, o.Answers, o.Within = 150*time.Millisecond, 10, [...]string{"2s", "4s", "1m"}
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
	return c.Stream.Accepted() >= lab.Number(c.T, "TOCSIN_FAULTS_ALERTS", 1000)
}

// latest is how late a tier or a page may be. It catches what no lease ends; how late things
// are on a machine with nothing else to do is printed.
const latest = 2 * time.Minute

// end judges, and prints what the faults cost in time.
func (c *cluster) end() lab.Verdict {
	c.T.Helper()
	v := c.End()
	c.T.Logf("late: %s", c.Late)
	tiers, pages := c.Late.Worst()
	assert.Less(c.T, tiers, latest, "the latest start of a tier")
	assert.Less(c.T, pages, latest, "the latest page")
	return v
}

func (c *cluster) pause(least, upTo time.Duration) {
	lab.Pause(c.T.Context(), least+c.Dice.UpTo(upTo))
}

// Three processes share one Redis: whatever becomes of one of them, no alert is lost.
func TestProcesses(t *testing.T) {
	binary := lab.Build(t)
	var report lab.Report
	t.Run("cells", func(t *testing.T) {
		for _, cell := range []struct {
			fault string
			play  func(t *testing.T, binary string) lab.Verdict
		}{
			{"any is killed", killed},
			{"rolling restart", restarted},
			{"one stands still", stopped},
			{"one is cut off", cutOff},
			{"two versions", upgraded},
		} {
			t.Run(cell.fault, func(t *testing.T) {
				report.Add(t, cell.fault, "3 processes, Redis", cell.play(t, binary))
			})
		}
	})
	t.Log(report.Table())
}

// killed: any of the processes is killed at any time and started again, now and then two at
// once. A page is repeated at most once for each kill.
func killed(t *testing.T, binary string) lab.Verdict {
	c := newCluster(t, lab.Options{Binary: binary})
	for kills := 0; kills < 6 || !c.enough(); kills++ {
		c.pause(time.Second, 2*time.Second)
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
	return c.end()
}

// restarted: the processes are restarted one after the other while alerts come in. Each
// drains, and nobody is texted twice.
func restarted(t *testing.T, binary string) lab.Verdict {
	c := newCluster(t, lab.Options{Binary: binary})
	for rounds := 0; rounds < 2 || !c.enough(); rounds++ {
		for _, g := range c.Gateways {
			c.pause(500*time.Millisecond, time.Second)
			g.Stop()
			g.Start()
			g.Ready(lab.StartUp)
		}
	}
	v := c.end()
	assert.Zero(t, v.Repeated)
	return v
}

// stopped: a process stands still for longer than its leases and then goes on. It is too late
// for everything that it held: others did it, and what it still tries is refused.
func stopped(t *testing.T, binary string) lab.Verdict {
	c := newCluster(t, lab.Options{Binary: binary})
	for n := 0; n < 2 || !c.enough(); n++ {
		c.pause(time.Second, time.Second)
		g := c.Gateways[n%processes]
		c.Crashed.Add(1)
		g.Signal(syscall.SIGSTOP)
		c.pause(16*time.Second, 2*time.Second)
		g.Signal(syscall.SIGCONT)
	}
	return c.end()
}

// cutOff: a process is cut off from Redis, or the answers to its commands get lost. The others
// do its work, and it goes on when the way is free again.
func cutOff(t *testing.T, binary string) lab.Verdict {
	c := newCluster(t, lab.Options{Binary: binary})
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
	return c.end()
}

// upgraded: one version takes the place of another, process by process and back again. Both work
// side by side on what the other wrote.
func upgraded(t *testing.T, _ string) lab.Verdict {
	earlier := os.Getenv(olderEnv)
	older, newer := earlier, lab.BuildVersion(t, "v0.1.9")
	if earlier == "" {
		older = lab.BuildVersion(t, "v0.1.0")
	}
	c := newCluster(t, lab.Options{Binary: older, Spoolless: earlier != ""}) // an earlier one may know no spool
	for n := 0; n < 2 || !c.enough(); n++ {
		binary := newer
		if n%2 == 1 {
			binary = older
		}
		for _, g := range c.Gateways {
			c.pause(time.Second, time.Second)
			g.Stop()
			if g.Use(binary); earlier != "" && binary == newer {
				g.Use(binary, "--spool", t.TempDir())
			}
			g.Start()
			g.Ready(lab.StartUp)
			status, err := g.Client().Status(t.Context())
			require.NoError(t, err)
			require.Equal(t, binary == newer, status.Version == "v0.1.9")
		}
	}
	v := c.end()
	assert.Zero(t, v.Repeated)
	return v
}

// olderEnv names an earlier binary of the same minor version. Without it, it is this source under
// another version.
const olderEnv = "TOCSIN_OLDER"
