package storetest

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/paging"
)

func codeTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"codes/lowest free":           (*suite).codesLowest,
		"codes/kept for 72 hours":     (*suite).codesKept,
		"codes/five digits":           (*suite).codesFull,
		"codes/blocks":                (*suite).codesBlocks,
		"codes/adopted":               (*suite).codesAdopted,
		"codes/strong":                (*suite).codesStrong,
		"codes/what a phone was told": (*suite).codesOf,
	}
}

// CodeRequest asks for the code of one incident, whose id is the key.
func CodeRequest(phone, key string, now time.Time) paging.CodeRequest {
	return paging.CodeRequest{Phone: phone, Key: key, User: "ada", Incidents: []paging.IncidentID{paging.IncidentID(key)}, Now: now}
}

func (x *suite) code(r paging.CodeRequest) string {
	x.t.Helper()
	c, err := x.s.ReserveCode(x.ctx, r)
	require.NoError(x.t, err)
	require.Equal(x.t, r.Phone, c.Phone)
	require.Equal(x.t, r.Key, c.Key)
	require.Equal(x.t, r.User, c.User)
	require.Equal(x.t, r.Incidents, c.Incidents)
	x.same(r.Now, c.At)
	return c.Code
}

// codesLowest ensures that each phone counts from 10 on its own, and a key keeps its code.
func (x *suite) codesLowest() {
	const ada, ben = "+12025550101", "+12025550102"
	require.Equal(x.t, "10", x.code(CodeRequest(ada, "k1", T0)))
	require.Equal(x.t, "11", x.code(CodeRequest(ada, "k2", T0)))
	require.Equal(x.t, "10", x.code(CodeRequest(ben, "k2", T0)), "another phone, another count")
	require.Equal(x.t, "10", x.code(CodeRequest(ada, "k1", T0.Add(time.Hour))), "the same key, the same code")
	require.Equal(x.t, "12", x.code(CodeRequest(ada, "k3", T0)))
}

// codesKept ensures that a code is free again 72 h after its last text, not earlier.
func (x *suite) codesKept() {
	const ada = "+12025550101"
	x.code(CodeRequest(ada, "k1", T0))
	x.code(CodeRequest(ada, "k2", T0))
	last := T0.Add(10 * time.Hour)
	require.Equal(x.t, "10", x.code(CodeRequest(ada, "k1", last)), "texted once more")
	require.Equal(x.t, "12", x.code(CodeRequest(ada, "k3", T0.Add(paging.CodeKeep-time.Second))))
	require.Equal(x.t, "11", x.code(CodeRequest(ada, "k4", T0.Add(paging.CodeKeep))), "k2's is free again")
	require.Equal(x.t, "13", x.code(CodeRequest(ada, "k5", last.Add(paging.CodeKeep-time.Second))), "k1's is not yet")
	require.Equal(x.t, "10", x.code(CodeRequest(ada, "k6", last.Add(paging.CodeKeep))))
	require.NotEqual(x.t, "10", x.code(CodeRequest(ada, "k1", last.Add(paging.CodeKeep))), "it is k6's now")
}

// codesFull ensures that a phone with all of 10 to 8999 in use gets five digits: the block above
// is left to processes that cannot reach the store.
func (x *suite) codesFull() {
	if testing.Short() {
		x.t.Skip("8990 reservations; run without -short")
	}
	const ada, workers, last = "+12025550101", 64, 8999
	together(workers, func(w int) {
		for n := 10 + w; n <= last; n += workers {
			if _, err := x.s.ReserveCode(x.ctx, CodeRequest(ada, strconv.Itoa(n), T0)); err != nil {
				x.t.Error(err)
				return
			}
		}
	})
	require.Equal(x.t, "10000", x.code(CodeRequest(ada, "one more", T0)))
	codes, err := x.s.Codes(x.ctx, ada, T0)
	require.NoError(x.t, err)
	require.Len(x.t, codes, 8991)
}

// codesStrong ensures that strong codes have six digits, differ on one phone, and stay with their key.
func (x *suite) codesStrong() {
	const ada = "+12025550101"
	seen := map[string]bool{}
	inOrder := true
	for i := range 50 {
		r := CodeRequest(ada, fmt.Sprint(i), T0)
		r.Strong = true
		c := x.code(r)
		require.Regexp(x.t, `^[1-9][0-9]{5}$`, c)
		require.NotContains(x.t, seen, c)
		require.Equal(x.t, c, x.code(r))
		seen[c] = true
		inOrder = inOrder && c == strconv.Itoa(100000+i)
	}
	require.False(x.t, inOrder, "they cannot be guessed")
	require.Equal(x.t, "10", x.code(CodeRequest(ada, "plain", T0)), "beside plain ones")
}

// codesOf ensures that Codes tells all codes in use on one phone, oldest text first.
func (x *suite) codesOf() {
	const ada = "+12025550101"
	x.code(CodeRequest(ada, "k1", T0))
	x.code(CodeRequest(ada, "k2", T0.Add(time.Second)))
	x.code(CodeRequest(ada, "k3", T0.Add(2*time.Second)))
	x.code(CodeRequest(ada, "k1", T0.Add(3*time.Second)))
	x.code(CodeRequest("+12025550102", "k1", T0))
	keys := func(now time.Time) (keys []string) {
		codes, err := x.s.Codes(x.ctx, ada, now)
		require.NoError(x.t, err)
		for _, c := range codes {
			require.Equal(x.t, ada, c.Phone)
			keys = append(keys, c.Key)
		}
		return keys
	}
	require.Equal(x.t, []string{"k2", "k3", "k1"}, keys(T0.Add(time.Minute)))
	require.Equal(x.t, []string{"k3", "k1"}, keys(T0.Add(paging.CodeKeep+time.Second)))
	require.Empty(x.t, keys(T0.Add(paging.CodeKeep+time.Hour)))
	codes, err := x.s.Codes(x.ctx, "+12025550199", T0)
	require.NoError(x.t, err)
	require.Empty(x.t, codes)
}

// codesBlocks ensures that a code asked for from a block is the block's lowest free one, that a
// full block goes on with five digits, and that others are not disturbed.
func (x *suite) codesBlocks() {
	const ada = "+12025550101"
	ask := func(key string, first, last int) string {
		r := CodeRequest(ada, key, T0)
		r.First, r.Last = first, last
		return x.code(r)
	}
	require.Equal(x.t, "10", x.code(CodeRequest(ada, "k1", T0)))
	require.Equal(x.t, "9100", ask("k2", 9100, 9102))
	require.Equal(x.t, "9101", ask("k3", 9100, 9102))
	require.Equal(x.t, "9100", ask("k2", 9100, 9102), "the same key, the same code")
	require.Equal(x.t, "10", ask("k1", 9100, 9102), "whoever gave it")
	require.Equal(x.t, "9102", ask("k4", 9100, 9102))
	require.Equal(x.t, "10000", ask("k5", 9100, 9102), "the block is full")
	require.Equal(x.t, "11", x.code(CodeRequest(ada, "k6", T0)))
}

// codesAdopted ensures that a code of another store leads to its incidents, is kept as long as
// others, and never takes one away that is in use.
func (x *suite) codesAdopted() {
	const ada = "+12025550101"
	adopt := func(number, key string, at, now time.Time) bool {
		ok, err := x.s.AdoptCode(x.ctx, paging.Code{Code: number, Phone: ada, Key: key, User: "ada", Incidents: []paging.IncidentID{"i1", "i2"}, At: at}, now)
		require.NoError(x.t, err)
		return ok
	}
	require.Equal(x.t, "10", x.code(CodeRequest(ada, "k1", T0)))
	require.False(x.t, adopt("10", "other", T0, T0), "it is k1's")
	require.True(x.t, adopt("9000", "k2", T0, T0.Add(time.Hour)))
	require.True(x.t, adopt("9000", "k2", T0, T0.Add(time.Hour)), "once more")
	require.True(x.t, adopt("9001", "k1", T0, T0.Add(time.Hour)), "a second code of the same key")
	codes, err := x.s.Codes(x.ctx, ada, T0.Add(time.Hour))
	require.NoError(x.t, err)
	require.Len(x.t, codes, 3)
	for _, c := range codes {
		if c.Code == "9000" {
			require.Equal(x.t, "k2", c.Key)
			require.Equal(x.t, []paging.IncidentID{"i1", "i2"}, c.Incidents)
			x.same(T0, c.At)
		}
	}
	require.Equal(x.t, "9000", x.code(CodeRequest(ada, "k2", T0.Add(time.Hour))), "its next text has the same")
	require.Equal(x.t, "10", x.code(CodeRequest(ada, "k1", T0.Add(time.Hour))), "the first one stays k1's")
	require.True(x.t, adopt("9001", "k3", T0.Add(paging.CodeKeep), T0.Add(paging.CodeKeep)), "free again")
	_, err = x.s.AdoptCode(x.ctx, paging.Code{Code: "7", Phone: ada, Key: "k"}, T0)
	require.Error(x.t, err, "nobody gives that out")
}
