package redis_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/faults/lab"
	"tocsin/escalation/store/redistest"
)

// hold lets the fault last for a while.
func hold(l *lab.Lab, d time.Duration) { lab.Pause(l.T.Context(), d) }

// plain are the cells of a single redis-server.
func plain() []cell {
	all := []cell{
		{fault: "kill -9", setting: "appendfsync always", stage: killed(redistest.Always)},
		{fault: "kill -9", setting: "appendfsync everysec", lossy: true, stage: killed(redistest.EverySec)},
		{fault: "kill -9", setting: "appendonly no", lossy: true, stage: killed(redistest.EverySec, "--appendonly", "no")},
	}
	for _, f := range []struct {
		name   string
		strike func(*lab.Lab, *redistest.Server, *lab.Link)
	}{
		{"SIGSTOP, SIGCONT", stopped},
		{"disconnects", disconnected},
		{"latency", slow},
		{"resets, cut replies", spoiled},
		{"CLIENT KILL", clientsKilled},
		{"full memory", full},
		{"restart while rewriting", restarted},
	} {
		all = append(all, cell{fault: f.name, setting: "appendfsync always", stage: func(t *testing.T) stage {
			server := redistest.Start(t, redistest.Always)
			link := lab.NewLink(t, server.Addr())
			return stage{store: link.URL(), strike: func(l *lab.Lab) { f.strike(l, server, link) }}
		}})
	}
	return all
}

// killed is kill -9 of redis-server, which is started again on what its disk has.
func killed(appendfsync string, args ...string) func(t *testing.T) stage {
	return func(t *testing.T) stage {
		server := redistest.Start(t, appendfsync, args...)
		return stage{store: server.URL(), strike: func(l *lab.Lab) {
			l.Stream.Hurry.Store(true)
			require.Eventually(l.T, func() bool { return l.Stream.Flying.Load() > 0 }, 10*time.Second, time.Millisecond)
			before := l.Refused()
			server.Kill()
			l.Stream.Hurry.Store(false)
			l.Felt(before)
			server.Restart()
		}}
	}
}

// stopped is a machine that hangs for longer than a commit waits, and then goes on.
func stopped(l *lab.Lab, server *redistest.Server, _ *lab.Link) {
	before := l.Refused()
	server.Pause()
	l.Felt(before)
	hold(l, time.Second)
	server.Resume()
}

// disconnected is a network that is away for a moment, and before that breaks every connection.
func disconnected(l *lab.Lab, _ *redistest.Server, link *lab.Link) {
	for range 5 {
		link.Drop()
		hold(l, l.Dice.UpTo(300*time.Millisecond))
	}
	before := l.Refused()
	link.Cut()
	l.Felt(before)
	hold(l, time.Second)
	link.Mend()
}

// slow is a network that takes its time, one way and back.
func slow(l *lab.Lab, _ *redistest.Server, link *lab.Link) {
	link.Spoil("latency", "upstream", 1, `{"latency": 60, "jitter": 50}`)
	link.Spoil("latency", "downstream", 1, `{"latency": 60, "jitter": 50}`)
	hold(l, 4*time.Second)
	link.Heal()
}

// spoiled has answers cut in the middle and connections reset, request done or not.
func spoiled(l *lab.Lab, _ *redistest.Server, link *lab.Link) {
	link.Spoil("limit_data", "downstream", 0.3, `{"bytes": 3000}`)
	link.Drop() // toxics hit new connections
	hold(l, 2*time.Second)
	link.Heal()
	link.Spoil("reset_peer", "downstream", 0.3, `{"timeout": 150}`)
	link.Drop()
	hold(l, 2*time.Second)
	link.Heal()
	link.Drop()
}

// clientsKilled is CLIENT KILL of all connections, again and again.
func clientsKilled(l *lab.Lab, server *redistest.Server, _ *lab.Link) {
	for range 20 {
		server.Must("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
		hold(l, l.Dice.UpTo(150*time.Millisecond))
	}
}

// full is a Redis that has reached its maxmemory with noeviction, until somebody raises it.
func full(l *lab.Lab, server *redistest.Server, _ *lab.Link) {
	before := l.Refused()
	server.Must("CONFIG", "SET", "maxmemory-policy", "noeviction")
	server.Must("CONFIG", "SET", "maxmemory", "1mb")
	l.Felt(before)
	hold(l, time.Second)
	server.Must("CONFIG", "SET", "maxmemory", "0")
}

// restarted is a Redis that is shut down in order while it rewrites its append-only file.
func restarted(l *lab.Lab, server *redistest.Server, _ *lab.Link) {
	before := l.Refused()
	server.Must("BGREWRITEAOF")
	line, err := server.Do("SHUTDOWN", "NOW", "FORCE") // no answer when it is obeyed
	require.True(l.T, err != nil || !strings.HasPrefix(line, "-"), line)
	l.Felt(before)
	server.Restart()
}
