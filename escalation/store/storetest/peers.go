package storetest

import (
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

func peerTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"peers/there until their time is over": (*suite).peersThere,
		"peers/bounds":                         (*suite).peersBounds,
	}
}

func (x *suite) announce(process, value string, now time.Time, keep time.Duration) {
	x.t.Helper()
	require.NoError(x.t, x.s.Announce(x.ctx, process, []byte(value), now, keep))
}

func (x *suite) announced(now time.Time) map[string]string {
	x.t.Helper()
	got, err := x.s.Announced(x.ctx, now)
	require.NoError(x.t, err)
	out := map[string]string{}
	for process, value := range got {
		out[process] = string(value)
	}
	return out
}

// peersThere ensures that each process is there with what it said last until its time is
// over, that it can take its word back, and that one announcement forgets no other.
func (x *suite) peersThere() {
	require.Empty(x.t, x.announced(T0))
	x.announce("a", "one", T0, 20*time.Second)
	x.announce("b", "", T0.Add(5*time.Second), 20*time.Second)
	require.Equal(x.t, map[string]string{"a": "one", "b": ""}, x.announced(T0.Add(19*time.Second)))
	require.Equal(x.t, map[string]string{"b": ""}, x.announced(T0.Add(20*time.Second)), "its time is over")
	x.announce("a", "two\x00\xff", T0.Add(20*time.Second), 20*time.Second)
	require.Equal(x.t, map[string]string{"a": "two\x00\xff"}, x.announced(T0.Add(25*time.Second)), "back, with what it said last")
	x.announce("a", "two", T0.Add(26*time.Second), 0)
	require.Empty(x.t, x.announced(T0.Add(26*time.Second)), "taken back")
	x.announce("c", "long", T0, 48*time.Hour)
	x.announce("d", "new", T0.Add(24*time.Hour), time.Minute)
	require.Equal(x.t, map[string]string{"c": "long", "d": "new"}, x.announced(T0.Add(24*time.Hour)))
}

// peersBounds ensures that no process can fill the store with its announcement.
func (x *suite) peersBounds() {
	require.Error(x.t, x.s.Announce(x.ctx, "", nil, T0, time.Minute))
	require.Error(x.t, x.s.Announce(x.ctx, strings.Repeat("p", 101), nil, T0, time.Minute))
	require.Error(x.t, x.s.Announce(x.ctx, "p", make([]byte, 64<<10+1), T0, time.Minute))
	require.NoError(x.t, x.s.Announce(x.ctx, strings.Repeat("p", 100), make([]byte, 64<<10), T0, time.Minute))
	require.Len(x.t, x.announced(T0), 1)
}
