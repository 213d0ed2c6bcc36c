package boltstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation/store"
	"tocsin/escalation/store/boltstore"
	"tocsin/escalation/store/storetest"
)

// appendForEver appends values of all sizes to a series, among commits that share its
// transactions, and prints each number once the store has acknowledged it.
func appendForEver(folder string) {
	s, err := boltstore.Open(folder)
	if err != nil {
		fmt.Println("cannot open:", err)
		os.Exit(1)
	}
	ctx := context.Background()
	go func() {
		for err := error(nil); err == nil; { // ends with the process
			err = s.Check(ctx)
		}
	}()
	last, err := s.Last(ctx, "config")
	for n := last[0]; err == nil; n++ {
		size := rand.IntN(200_000) >> rand.IntN(18)
		err = s.Append(ctx, "config", n, storetest.Token(), storetest.SeriesValue(fmt.Sprint(n+1), size))
		if err == nil {
			fmt.Println(n + 1)
		}
	}
	fmt.Println("cannot append:", err)
	os.Exit(1)
}

// TestKillSeries ensures that a series is whole after kill -9 at any moment: its numbers are
// dense, each value is complete, and each that was acknowledged is there.
func TestKillSeries(t *testing.T) {
	folder := t.TempDir()
	for range 6 {
		var said uint64
		killed(t, crashSeries, folder, 1+rand.IntN(200), 1, func(f []string) {
			if n, err := strconv.ParseUint(f[0], 10, 64); err == nil {
				said = max(said, n)
			}
		})
		s, err := boltstore.Open(folder)
		require.NoError(t, err)
		texts := storetest.CheckSeries(t, s, "config")
		last, err := s.Last(t.Context(), "config")
		require.NoError(t, err)
		require.GreaterOrEqual(t, last[0], said, "an acknowledged value is lost")
		require.LessOrEqual(t, last[0], said+1, "more than was on its way")
		require.Len(t, texts, int(min(last[0], store.SeriesKept)))
		for number, text := range texts {
			require.Equal(t, fmt.Sprint(number), text)
		}
		require.NoError(t, boltstore.Consistent(s))
		require.NoError(t, s.Close())
	}
}

// TestNewerSeries ensures that a value of a newer version is neither read nor followed, that
// followers learn of it all the same, and that other series go on.
func TestNewerSeries(t *testing.T) {
	s := open(t, t.TempDir())
	ctx, token := t.Context(), storetest.Token()
	require.NoError(t, s.Append(ctx, "config", 0, storetest.Token(), []byte("one")))
	require.NoError(t, s.Append(ctx, "config", 1, token, []byte("two")))
	require.NoError(t, boltstore.SetSeriesFormat(s, "config", 2, store.SeriesFormat+1))
	_, err := s.Value(ctx, "config", 2)
	require.ErrorIs(t, err, store.ErrNewer)
	require.ErrorContains(t, err, "value 2 of series config has format 2")
	require.ErrorIs(t, s.Append(ctx, "config", 2, storetest.Token(), nil), store.ErrNewer)
	require.ErrorIs(t, s.Append(ctx, "config", 1, storetest.Token(), nil), store.ErrNewer)
	last, err := s.Last(ctx, "config")
	require.NoError(t, err)
	require.Equal(t, []uint64{2}, last)
	v, err := s.Value(ctx, "config", 1)
	require.NoError(t, err)
	require.Equal(t, "one", string(v))
	require.NoError(t, s.Append(ctx, "overlay", 0, token, nil))
}

// TestDamagedSeries ensures that what cannot be read is an error, and nothing that is read wrongly.
func TestDamagedSeries(t *testing.T) {
	s := open(t, t.TempDir())
	require.NoError(t, s.Append(t.Context(), "config", 0, storetest.Token(), []byte("one")))
	for _, size := range []int{20, 4, 3, 0} {
		require.NoError(t, boltstore.TruncateSeries(s, "config", 1, size))
		_, err := s.Value(t.Context(), "config", 1)
		require.ErrorContains(t, err, "damaged", "%d bytes", size)
		require.NotErrorIs(t, err, store.ErrNotFound)
		require.ErrorContains(t, s.Append(t.Context(), "config", 1, storetest.Token(), nil), "damaged")
	}
}

// TestForgottenSeries ensures that what is forgotten leaves the file, too, and that a refusal
// does not undo what shares its transaction.
func TestForgottenSeries(t *testing.T) {
	s := open(t, t.TempDir())
	for n := range uint64(store.SeriesKept + 5) {
		require.NoError(t, s.Append(t.Context(), "config", n, storetest.Token(), nil))
	}
	require.Equal(t, store.SeriesKept, boltstore.SeriesRows(s))

	release := make(chan struct{})
	boltstore.Hold(s, release)
	answers := make(chan error, 4)
	for i := range 4 { // two series, each appended to by two in one transaction
		go func() {
			answers <- s.Append(context.Background(), []string{"a", "b"}[i%2], 0, storetest.Token(), nil)
		}()
	}
	require.Eventually(t, func() bool { return boltstore.Waiting(s) == 4 }, 5*time.Second, time.Millisecond)
	close(release)
	refused := 0
	for range 4 {
		if err := <-answers; err != nil {
			require.ErrorIs(t, err, store.ErrConflict)
			refused++
		}
	}
	require.Equal(t, 2, refused)
	last, err := s.Last(t.Context(), "a", "b")
	require.NoError(t, err)
	require.Equal(t, []uint64{1, 1}, last)
}
