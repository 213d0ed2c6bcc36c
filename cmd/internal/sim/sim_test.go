package sim

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	fewHistories = 300  // of a plain run; TOCSIN_SEQUENCES asks for more
	alone        = 1000 // from so many on each core has a process of its own
	told         = 2    // failing seeds that are shrunk and told
	enough       = 5    // failing seeds that end a run which is no soak
)

// play plays a script: one goroutine at a time, in virtual time, with random numbers that derive
// from the seed.
func play(t *testing.T, s Script) (h *History) {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	cryptotest.SetGlobalRandom(t, s.Seed)
	synctest.Test(t, func(*testing.T) { h = Play(s) })
	return h
}

// TestHistories ensures that no history breaks a promise. TOCSIN_SEQUENCES says how many are
// played, TOCSIN_SEED plays one and tells all of it, TOCSIN_SOAK plays for so long.
func TestHistories(t *testing.T) {
	n := fewHistories / slower
	if env := os.Getenv("TOCSIN_SEQUENCES"); env != "" {
		var err error
		n, err = strconv.Atoi(env)
		require.NoError(t, err)
	}
	if env := os.Getenv("TOCSIN_SEED"); env != "" {
		seed, err := strconv.ParseUint(env, 10, 64)
		require.NoError(t, err)
		h := play(t, Generate(seed))
		t.Log(h)
		for _, v := range Check(h) {
			t.Error(v)
		}
		return
	}
	if part := os.Getenv("TOCSIN_SIM_PART"); part != "" {
		playPart(t, n, part)
		return
	}
	soak := os.Getenv("TOCSIN_SOAK")
	if soak == "" && n < alone {
		_, violations := histories(t, 0, 1, n, time.Time{}, func(uint64) {})
		assert.Zero(t, violations)
		return
	}
	played, violations := inProcesses(t)
	if soak != "" {
		t.Logf("soak: %d histories, %d violations", played, violations)
	}
	assert.Zero(t, violations)
}

// histories plays the seeds from, from+step, … below n, or until the time is over.
func histories(t *testing.T, from, step uint64, n int, until time.Time, begins func(seed uint64)) (played, violations int) {
	t.Helper()
	for seed := from; ; seed += step {
		if until.IsZero() && seed >= uint64(n) || !until.IsZero() && time.Now().After(until) {
			return played, violations
		}
		begins(seed)
		s := Generate(seed)
		found := Check(play(t, s))
		played++
		if len(found) == 0 {
			continue
		}
		if violations++; violations <= told && !hurry() {
			tell(t, s, found)
		} else {
			t.Errorf("seed %d: %s", seed, found[0])
		}
		if until.IsZero() && (hurry() || violations >= enough) {
			return played, violations
		}
	}
}

// hurry says that one failing seed is enough: -failfast.
func hurry() bool { return flag.Lookup("test.failfast").Value.String() == "true" }

// tell shrinks a failing script and prints what is left of it.
func tell(t *testing.T, s Script, found []Violation) {
	t.Helper()
	rule := found[0].Rule
	broken := func(s Script) (found []Violation) {
		for _, v := range Check(play(t, s)) {
			if v.Rule == rule {
				found = append(found, v)
			}
		}
		return found
	}
	least := Shrink(s, 400, func(s Script) bool { return len(broken(s)) > 0 })
	h := play(t, least)
	t.Errorf("seed %d breaks a promise:\n  %s\nthe least that does:\n%s\nagain, with all of it: TOCSIN_SEED=%d go test -count=1 -v -run '^TestHistories$' ./cmd/internal/sim",
		s.Seed, broken(least)[0], h, s.Seed)
}

// inProcesses plays in one process per core, since random numbers are seeded per process.
func inProcesses(t *testing.T) (played, violations int) {
	t.Helper()
	var mu sync.Mutex
	var parts sync.WaitGroup
	cores := runtime.NumCPU()
	for i := range cores {
		at := filepath.Join(t.TempDir(), "seed")
		parts.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHistories$", "-test.v", "-test.timeout=0")
			cmd.Env = append(os.Environ(), fmt.Sprintf("TOCSIN_SIM_PART=%d/%d/%s", i, cores, at))
			out, err := cmd.CombinedOutput()
			mu.Lock()
			defer mu.Unlock()
			var n, v int
			if _, counts, ok := bytes.Cut(out, []byte("part: ")); ok {
				_, _ = fmt.Sscanf(string(counts), "%d histories, %d violations", &n, &v)
			}
			played, violations = played+n, violations+v
			if err != nil {
				seed, _ := os.ReadFile(at)
				t.Errorf("%s\nthe last seed was %s", out, seed)
			}
			if n == 0 {
				violations++
			}
		})
	}
	parts.Wait()
	return played, violations
}

// playPart is one process of several.
func playPart(t *testing.T, n int, part string) {
	t.Helper()
	fields := strings.SplitN(part, "/", 3)
	from, err := strconv.ParseUint(fields[0], 10, 64)
	require.NoError(t, err)
	step, err := strconv.ParseUint(fields[1], 10, 64)
	require.NoError(t, err)
	var until time.Time
	if soak := os.Getenv("TOCSIN_SOAK"); soak != "" {
		d, err := time.ParseDuration(soak)
		require.NoError(t, err)
		until = time.Now().Add(d)
		from += uint64(time.Now().Unix()) * 1_000_000 / step * step // other seeds than last time
	}
	played, violations := histories(t, from, step, n, until, func(seed uint64) {
		require.NoError(t, os.WriteFile(fields[2], strconv.AppendUint(nil, seed, 10), 0o600))
	})
	t.Logf("part: %d histories, %d violations", played, violations)
}

// TestSameSeedSameHistory ensures that a seed is one history, to the nanosecond and the id.
func TestSameSeedSameHistory(t *testing.T) {
	for seed := range uint64(200 / slower) {
		s := Generate(seed)
		first, second := play(t, s), play(t, s)
		require.Equal(t, first.String(), second.String(), seed)
	}
}
