package watch

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation/store/memstore"
)

// slowBoard answers after a random while, and sometimes not at all though it was done.
type slowBoard struct {
	Board
	random *rand.Rand
	away   atomic.Bool
	flaky  atomic.Bool
}

var errAway = errors.New("the store is away")

func (b *slowBoard) pass() error {
	time.Sleep(time.Duration(b.random.IntN(200)) * time.Millisecond)
	if b.away.Load() || b.flaky.Load() && b.random.IntN(4) == 0 {
		return errAway
	}
	return nil
}

func (b *slowBoard) Announce(ctx context.Context, process string, value []byte, now time.Time, keep time.Duration) error {
	if err := b.pass(); err != nil {
		return err
	}
	return errors.Join(b.Board.Announce(ctx, process, value, now, keep), b.pass())
}

func (b *slowBoard) Announced(ctx context.Context, now time.Time) (map[string][]byte, error) {
	if err := b.pass(); err != nil {
		return nil, err
	}
	all, err := b.Board.Announced(ctx, now)
	return all, errors.Join(err, b.pass())
}

func registryOn(board Board, host, url string) *Registry {
	r := NewRegistry(Options{Board: board, Now: time.Now, Host: host})
	r.Advertise(url)
	return r
}

// slots are the slots held; two processes that hold the same one fail the test.
func slots(t *testing.T, all []*Registry) map[int]bool {
	t.Helper()
	held := map[int]bool{}
	for _, r := range all {
		if slot, ok := r.Slot(); ok {
			require.False(t, held[slot], "two processes hold slot %d", slot)
			held[slot] = true
		}
	}
	return held
}

// TestSlotsUnderRaces ensures that whatever the order in which processes ask and look, and
// though answers are lost, no two ever hold the same slot, and all of them get one soon.
func TestSlotsUnderRaces(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			board := memstore.New(memstore.Options{})
			ctx, stop := context.WithCancel(t.Context())
			random := rand.New(rand.NewPCG(seed, 1))
			var all []*Registry
			var boards []*slowBoard
			var running sync.WaitGroup
			for range 2 + random.IntN(5) {
				slow := &slowBoard{Board: board, random: rand.New(rand.NewPCG(seed, random.Uint64()))}
				slow.flaky.Store(true)
				r := registryOn(slow, "", "")
				all, boards = append(all, r), append(boards, slow)
				running.Go(func() { r.Run(ctx) })
			}
			for range 1500 {
				time.Sleep(10 * time.Millisecond)
				slots(t, all)
			}
			for _, b := range boards {
				b.flaky.Store(false)
			}
			time.Sleep(time.Minute)
			require.Len(t, slots(t, all), len(all), "everybody has a slot")
			require.Len(t, all[0].Peers(), len(all)-1)
			stop()
			running.Wait()
			left, err := board.Announced(t.Context(), time.Now())
			require.NoError(t, err)
			require.Empty(t, left, "who stops takes its word back")
		})
	}
}

// TestSlotOutlivesStore ensures that a process which is cut off from the store keeps its slot
// and the list of the others, that nobody takes the slot meanwhile, and that a process which
// comes up at its address does.
func TestSlotOutlivesStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		board := memstore.New(memstore.Options{})
		cut := &slowBoard{Board: board, random: rand.New(rand.NewPCG(1, 1))}
		first, second := registryOn(cut, "one", "http://one.example.org"), registryOn(board, "two", "http://two.example.org")
		require.NoError(t, first.Announce(t.Context()))
		require.NoError(t, second.Announce(t.Context()))
		require.NoError(t, first.Announce(t.Context()))
		cut.away.Store(true)
		require.Error(t, first.Announce(t.Context()))
		require.Len(t, first.Peers(), 1)
		slot, ok := first.Slot()
		require.True(t, ok)
		require.Zero(t, slot)

		time.Sleep(time.Hour)
		third := registryOn(board, "three", "http://three.example.org")
		require.NoError(t, third.Announce(t.Context()))
		slot, _ = third.Slot()
		require.Equal(t, 2, slot, "the slot of who is cut off stays its own")
		for _, p := range third.Peers() {
			require.False(t, p.Alive(time.Now()), p.URL)
		}
		again := registryOn(board, "one", "http://one.example.org")
		require.NoError(t, again.Announce(t.Context()))
		slot, _ = again.Slot()
		require.Zero(t, slot, "who comes up in its place takes its slot")
	})
}

// TestSlotAfterLoss ensures that when the store has lost what was announced and somebody new
// took a slot, the one that has held it for longer keeps it, and the other takes another.
func TestSlotAfterLoss(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		old := registryOn(memstore.New(memstore.Options{}), "one", "http://one.example.org")
		require.NoError(t, old.Announce(t.Context()))
		time.Sleep(time.Minute)
		board := memstore.New(memstore.Options{})
		old.opts.Board = board
		young := registryOn(board, "two", "http://two.example.org")
		require.NoError(t, young.Announce(t.Context()))
		require.NoError(t, old.Announce(t.Context()))
		require.NoError(t, young.Announce(t.Context()))
		slot, _ := old.Slot()
		require.Zero(t, slot)
		slot, ok := young.Slot()
		require.True(t, ok)
		require.Equal(t, 1, slot)
	})
}
