package boltstore_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation/store"
	"tocsin/escalation/store/boltstore"
	"tocsin/escalation/store/storetest"
	"tocsin/paging"
)

// The folder in which a child of TestKill commits, or one of TestKillSeries appends, until it
// is killed.
const (
	crashFolder = "TOCSIN_TEST_CRASH_FOLDER"
	crashSeries = "TOCSIN_TEST_CRASH_SERIES"
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(crashFolder); folder != "" {
		commitForEver(folder)
	}
	if folder := os.Getenv(crashSeries); folder != "" {
		appendForEver(folder)
	}
	os.Exit(m.Run())
}

// commitForEver opens incidents in several goroutines, appends to each, touches it, and prints
// "id entries count" once the store has acknowledged them.
func commitForEver(folder string) {
	s, err := boltstore.Open(folder)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for n := 0; ; n++ {
				if err := story(s, fmt.Sprintf("%d-%d-%d", os.Getpid(), w, n)); err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
			}
		})
	}
	wg.Wait()
}

// story is one incident with three commits and a touch; each is printed when it is durable.
func story(s store.Store, key string) error {
	ctx := context.Background()
	inc := storetest.Incident(s, key, storetest.T0)
	change := storetest.Opening(inc)
	change.Attempts = storetest.Put(storetest.Attempt(inc, 1, storetest.T0))
	change.Due = storetest.T0
	for range 3 {
		done, err := s.Commit(ctx, []store.Change{change})
		if err != nil || done[0].Err != nil {
			return fmt.Errorf("commit: %w %v", err, done)
		}
		rev := done[0].Revision
		fmt.Printf("%s %d %d\n", inc.ID, inc.Seq, inc.Seq)
		if _, err := s.Touch(ctx, []store.Touch{{ID: inc.ID, Revision: rev, N: 1, At: storetest.T0}}); err != nil {
			return err
		}
		fmt.Printf("%s %d %d\n", inc.ID, inc.Seq, inc.Seq+1)
		change = storetest.Update(inc, rev)
		change.Entries = storetest.Entries(inc, "went on")
		change.Due = storetest.T0.Add(time.Hour)
	}
	return nil
}

// said is what the child was told is durable of one incident.
type said struct{ entries, count int }

// TestKill ensures that whatever was acknowledged is there, whole, after kill -9 at any
// moment, and that the store opens again at once.
func TestKill(t *testing.T) {
	folder := t.TempDir()
	all := map[paging.IncidentID]said{}
	for range 6 {
		before := len(all)
		killedChild(t, folder, 20+rand.IntN(300), all)
		require.Greater(t, len(all), before, "the child did something")
		s, err := boltstore.Open(folder)
		require.NoError(t, err)
		for id, want := range all {
			checkStory(t, s, id, want)
		}
		checkWhole(t, s)
		require.NoError(t, s.Close())
	}
}

// killedChild runs a child, kills it after so many acknowledgements, and notes all it printed.
func killedChild(t *testing.T, folder string, lines int, all map[paging.IncidentID]said) {
	t.Helper()
	killed(t, crashFolder, folder, lines, 3, func(f []string) {
		entries, _ := strconv.Atoi(f[1])
		count, _ := strconv.Atoi(f[2])
		id := paging.IncidentID(f[0])
		all[id] = said{max(entries, all[id].entries), max(count-entries, 0) + max(all[id].count, 0)}
	})
}

// killed runs this binary with that variable set to the folder, kills it after so many lines,
// and hands over the fields of each line that it printed whole.
func killed(t *testing.T, variable, folder string, lines, fields int, note func([]string)) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), variable+"="+folder)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	scan := bufio.NewScanner(out)
	for n := 0; scan.Scan(); n++ {
		if n == lines {
			require.NoError(t, child.Process.Kill())
		}
		f := strings.Fields(scan.Text())
		if len(f) != fields {
			require.Greater(t, n, lines, "the child failed: %s", scan.Text()) // else the last line, cut off
			break
		}
		note(f)
	}
	require.Error(t, child.Wait(), "it was killed")
}

// checkStory checks that an incident has at least what was acknowledged of it.
func checkStory(t *testing.T, s store.Store, id paging.IncidentID, want said) {
	t.Helper()
	got, err := s.Load(t.Context(), []store.Query{{ID: id}})
	require.NoError(t, err)
	inc := got[0].Incident
	require.NotNil(t, inc, "an acknowledged incident is lost")
	require.GreaterOrEqual(t, inc.Seq, want.entries, "an acknowledged commit is lost")
	require.GreaterOrEqual(t, inc.Count, 1+want.count, "an acknowledged touch is lost")
}

// checkWhole checks that every incident, acknowledged or not, is there with all of its rows.
func checkWhole(t *testing.T, s store.Store) {
	t.Helper()
	incidents, err := s.List(t.Context(), store.Filter{Open: true})
	require.NoError(t, err)
	for _, inc := range incidents {
		entries, err := s.Timeline(t.Context(), inc.ID)
		require.NoError(t, err)
		require.Len(t, entries, inc.Seq)
		head := ""
		for i, e := range entries {
			require.Equal(t, i+1, e.Seq)
			require.Equal(t, storetest.Chain(head, e.Seq, e.Text), e.Hash)
			head = e.Hash
		}
		require.Equal(t, inc.Head, head)
		attempts, err := s.AttemptsOf(t.Context(), inc.ID)
		require.NoError(t, err)
		require.Len(t, attempts, 1)
	}
	timers, _, err := s.ClaimTimers(t.Context(), storetest.T0.Add(24*time.Hour), 0, 1<<20)
	require.NoError(t, err)
	require.Len(t, timers, len(incidents), "every open incident has its timer")
	require.NoError(t, boltstore.Consistent(s.(*boltstore.Store)))
}
