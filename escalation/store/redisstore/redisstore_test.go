package redisstore

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/escalation/store/redistest"
	"tocsin/escalation/store/storetest"
)

// TestParseURL ensures that each kind of URL is understood as its documentation says.
func TestParseURL(t *testing.T) {
	tests := map[string]func(*testing.T, target){
		"redis://localhost": func(t *testing.T, u target) {
			require.Equal(t, []string{"localhost:6379"}, u.options.Addrs)
			require.Equal(t, defaultShards, u.shards)
			require.Zero(t, u.wait)
		},
		"redis://ada:p%40ss@db.example.org:6380/3?wait=1&shards=32": func(t *testing.T, u target) {
			require.Equal(t, []string{"db.example.org:6380"}, u.options.Addrs)
			require.Equal(t, "ada", u.options.Username)
			require.Equal(t, "p@ss", u.options.Password)
			require.Equal(t, []int{3, 1, 32}, []int{u.options.DB, u.wait, u.shards})
		},
		"rediss://:secret@[::1]:6380": func(t *testing.T, u target) {
			require.Equal(t, []string{"[::1]:6380"}, u.options.Addrs)
			require.Equal(t, "::1", u.options.TLSConfig.ServerName)
			require.Equal(t, "secret", u.options.Password)
		},
		"redis+sentinel://a,b:1234/mymaster?db=2&sentinel_password=s": func(t *testing.T, u target) {
			require.Equal(t, []string{"a:26379", "b:1234"}, u.options.Addrs)
			require.Equal(t, "mymaster", u.options.MasterName)
			require.Equal(t, 2, u.options.DB)
			require.Equal(t, "s", u.options.SentinelPassword)
			require.False(t, u.cluster)
		},
		"rediss+cluster://a:1,b": func(t *testing.T, u target) {
			require.Equal(t, []string{"a:1", "b:6379"}, u.options.Addrs)
			require.True(t, u.cluster && u.options.IsClusterMode)
			require.NotNil(t, u.options.TLSConfig)
		},
	}
	for raw, check := range tests {
		t.Run(raw, func(t *testing.T) {
			u, err := parseURL(raw)
			require.NoError(t, err)
			check(t, u)
		})
	}
}

// TestParseURLErrors ensures that a wrong URL is refused with what to do, and without its password.
func TestParseURLErrors(t *testing.T) {
	for raw, want := range map[string]string{
		"localhost:6379":                           "no scheme",
		"http://:geheim@localhost":                 "unknown scheme",
		"redis://:geheim@localhost/zero":           "must be a number",
		"redis://:geheim@localhost?wiat=1":         `unknown parameter "wiat"`,
		"redis://:geheim@localhost?wait=x":         "from 0 to 16",
		"redis://:geheim@localhost?shards=0":       "from 1 to 1024",
		"redis://:geheim%zz@localhost":             "escape @",
		"redis+sentinel://:geheim@localhost":       "name the master",
		"redis+cluster://:geheim@localhost?db=1":   "only database 0",
		"redis://:geheim@localhost?shards=1;geh=1": "cannot be read",
	} {
		t.Run(raw, func(t *testing.T) {
			_, err := parseURL(raw)
			require.ErrorContains(t, err, want)
			require.NotContains(t, err.Error(), "geheim")
		})
	}
}

// TestOpenUnreachable ensures that a Redis which is not there is told quickly, without the password.
func TestOpenUnreachable(t *testing.T) {
	_, err := Open(t.Context(), "redis://:geheim@127.0.0.1:1")
	require.ErrorContains(t, err, "check that it runs")
	require.NotContains(t, err.Error(), "geheim")
}

// TestScripts ensures that every script says what it takes and gives.
func TestScripts(t *testing.T) {
	scripts, err := loadScripts()
	require.NoError(t, err)
	require.NotEmpty(t, scripts)
	for name, s := range scripts {
		require.Regexp(t, `^-- `+name, s.text)
		for _, part := range []string{`(?m)^-- KEYS\[1\] `, `(?m)^-- ARGV`, `(?m)^-- result `} {
			require.Regexp(t, part, s.text, name)
		}
	}
}

// TestCluster ensures that no script and no pipeline touches keys of two slots. One node has
// all slots here; scripts that begin with #!lua are refused such keys even so.
func TestCluster(t *testing.T) {
	server := redistest.Start(t, redistest.EverySec, "--cluster-enabled", "yes")
	server.Must("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
	require.Eventually(t, func() bool {
		line, err := server.Do("SET", "probe", "1")
		return err == nil && line == "+OK"
	}, 10*time.Second, 10*time.Millisecond)
	storetest.Run(t, func(t *testing.T) store.Store {
		server.Must("FLUSHALL")
		s, err := Open(t.Context(), "redis+cluster://"+server.Addr())
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		for name, sc := range s.scripts {
			s.scripts[name] = newScript("#!lua\n" + sc.text)
		}
		return s
	}, storetest.ExactIndexes())

	server.Must("FLUSHALL")
	s, err := Open(t.Context(), "redis+cluster://"+server.Addr()+"?wait=1")
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	_, err = s.Commit(t.Context(), []store.Change{storetest.BenchChange(s, 1), storetest.BenchChange(s, 2)})
	require.ErrorContains(t, err, "only 0 of 1 replicas")
}

// TestUnreserve ensures that an end which is settled late does not remove the index entry that
// a newer firing of the member has reserved.
func TestUnreserve(t *testing.T) {
	s, err := Open(t.Context(), redistest.Start(t, redistest.EverySec).URL())
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	commit := func(c store.Change) store.Revision {
		done, err := s.Commit(t.Context(), []store.Change{c})
		require.NoError(t, err)
		return done[0].Revision
	}
	m := storetest.Member("prometheus", "disk", "g")
	inc := storetest.Incident(s, "a", storetest.T0)
	fire := storetest.Opening(inc)
	fire.Members = []escalation.Member{m}
	rev := commit(fire)
	shard, prefix, name := s.groupKey("prometheus", "g")
	entry := func() string {
		val, err := s.run(t.Context(), plain(shard, "hget", prefix+name, string(inc.ID)+"\x00disk"))
		require.NoError(t, err)
		return text(val)
	}
	require.NotEmpty(t, entry())

	ended := m
	ended.Firing = false
	end := storetest.Update(inc, rev)
	end.Members = []escalation.Member{ended}
	rev = commit(end)
	require.Empty(t, entry(), "an ended member leaves the index")

	again := storetest.Update(inc, rev)
	again.Members = []escalation.Member{m}
	j, err := s.newJob(&again, new(store.Committed), reservations{})
	require.NoError(t, err)
	require.NoError(t, s.all(t.Context(), j.reserve)) // its commit is still on the way
	commit(end)                                       // the answer had been lost, say
	require.NotEmpty(t, entry())
	commit(again)
	found, err := s.FindGroup(t.Context(), "prometheus", "g", nil)
	require.NoError(t, err)
	require.Len(t, found, 1)
}

// TestExactInstants ensures that timers are neither early nor late by a part of a microsecond,
// though scores are whole ones.
func TestExactInstants(t *testing.T) {
	s, err := Open(t.Context(), redistest.Start(t, redistest.EverySec).URL())
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	c := storetest.Opening(storetest.Incident(s, "a", storetest.T0))
	c.Due = storetest.T0.Add(1500)
	_, err = s.Commit(t.Context(), []store.Change{c})
	require.NoError(t, err)
	claims, next, err := s.ClaimTimers(t.Context(), c.Due.Add(-1), storetest.Lease, 10)
	require.NoError(t, err)
	require.Empty(t, claims)
	require.True(t, next.Equal(c.Due))
	claims, _, err = s.ClaimTimers(t.Context(), c.Due, storetest.Lease, 10)
	require.NoError(t, err)
	require.Len(t, claims, 1)
	require.True(t, claims[0].Due.Equal(c.Due))
}
