package escalation

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestJudgedLate ensures that what a process took while it was cut off is judged by when it was
// taken: an alert that has ended since pages nobody, an end that is older than a firing ends
// nothing, and what comes twice counts once.
func TestJudgedLate(t *testing.T) {
	fire := func(w *world, at string) Fire {
		f := w.fire(w.alert("a", "P0", map[string]string{"start": "02:55"}))
		if at != "" {
			f.Heard = clock(at)
		}
		return f
	}
	key := func(f Fire) MemberKey {
		return MemberKey{Integration: f.Alert.Integration, Identity: f.Alert.Identity}
	}
	open := func(t *testing.T) (*world, MemberKey) {
		w := &world{book: bookOf(), now: clock("03:00")}
		f := fire(w, "")
		w.do(nil, f)
		return w, key(f)
	}
	t.Run("an older firing of what has ended", func(t *testing.T) {
		w, m := open(t)
		w.now = clock("03:02")
		w.do(w.last(), End{Member: m})
		require.Equal(t, Resolved, w.last().inc.State)
		w.now = clock("03:05")
		require.Equal(t, Recorded, w.do(w.last(), fire(w, "03:01")).Outcome.Kind)
		require.Equal(t, Resolved, w.last().inc.State)
		require.Equal(t, Reopened, w.do(w.last(), fire(w, "03:04")).Outcome.Kind, "a newer one re-opens")
		require.True(t, w.last().members[m].SeenAt.Equal(clock("03:04")))
	})
	t.Run("an older end of what fires again", func(t *testing.T) {
		w, m := open(t)
		w.now = clock("03:05")
		w.do(w.last(), fire(w, "")) // a repeat
		require.Equal(t, Recorded, w.do(w.last(), End{Member: m, Heard: clock("03:04")}).Outcome.Kind)
		require.Equal(t, Triggered, w.last().inc.State)
		w.now = clock("03:08")
		require.Equal(t, Done, w.do(w.last(), End{Member: m, Heard: clock("03:06")}).Outcome.Kind)
		require.Equal(t, Resolved, w.last().inc.State)
		require.True(t, w.last().members[m].EndedAt.Equal(clock("03:06")))
	})
	t.Run("the same firing twice", func(t *testing.T) {
		w := &world{book: bookOf(), now: clock("03:00")}
		w.do(nil, fire(w, "02:59"))
		w.now = clock("03:05")
		res := w.do(w.last(), fire(w, "02:59"))
		require.Equal(t, Recorded, res.Outcome.Kind)
		require.False(t, res.Changed)
		require.Zero(t, res.Seen.N)
	})
}

// TestAdoptEnded ensures that an end which came to the store while only the other side held the
// alert ends what that side brings in, unless it fired there again.
func TestAdoptEnded(t *testing.T) {
	for ended, want := range map[string]State{"03:01": Resolved, "02:59": Triggered} {
		_, alone := sides(t, "P0")
		shared := &world{book: bookOf(), now: clock("03:02")}
		cmd := adoptionOf(alone.last())
		cmd.Ended = map[MemberKey]time.Time{cmd.Members[0].MemberKey: clock(ended)}
		res := shared.do(nil, cmd)
		require.Equal(t, Opened, res.Outcome.Kind)
		require.Equal(t, want, shared.last().inc.State, "ended at %s", ended)
		if want == Resolved {
			require.Empty(t, plannedUsers(res), "nobody is paged for what is over")
		}
	}
}

// TestAdoptOver ensures that what began at two sides and is over at both is one incident, and
// that what still fires at the other side goes on.
func TestAdoptOver(t *testing.T) {
	shared, alone := sides(t, "P0")
	first := shared.last()
	m := adoptionOf(alone.last()).Members[0].MemberKey
	shared.now = clock("03:03")
	shared.do(first, End{Member: m})
	require.Equal(t, Resolved, first.inc.State)
	send(alone, "ana")
	alone.do(alone.last(), Acknowledge{ID: "a", By: Actor{User: "ana", Name: "ana", Via: "sms"}})
	cmd := adoptionOf(alone.last())
	require.Equal(t, Done, shared.do(first, cmd).Outcome.Kind)
	require.Len(t, shared.records, 1)
	require.Equal(t, Resolved, first.inc.State)
	require.True(t, first.inc.told("ana"))
	require.NotNil(t, first.inc.Ack)
	require.Zero(t, VerifyTimeline(first.entries, first.inc.Head))

	shared, alone = sides(t, "P0")
	shared.now = clock("03:03")
	shared.do(shared.last(), End{Member: m})
	alone.now = clock("03:04")
	again := alone.fire(alone.alert("a", "P0", map[string]string{"start": "03:04"}))
	alone.do(alone.last(), again)
	shared.now = clock("03:05")
	require.Equal(t, Opened, shared.do(shared.last(), adoptionOf(alone.last())).Outcome.Kind)
	require.Len(t, shared.records, 2)
}
