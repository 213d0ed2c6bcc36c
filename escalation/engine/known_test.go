package engine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/escalation/store/memstore"
)

// counted counts the incidents that were loaded.
type counted struct {
	store.Store
	loads atomic.Int64
}

func (c *counted) Load(ctx context.Context, q []store.Query) ([]store.Loaded, error) {
	c.loads.Add(int64(len(q)))
	return c.Store.Load(ctx, q)
}

// A repeat is counted without loading its incident, and whatever another process does to the
// incident in between is noticed: then it is loaded and judged again.
func TestRepeatsAreNotLoaded(t *testing.T) {
	s := &counted{Store: memstore.New(memstore.Options{})}
	here, there := start(t, s, time.Now), start(t, s.Store, time.Now)
	a := alert("a", "Disk full", "error", map[string]string{"alertname": "disk"})
	id := ingest(t, here, a).Incidents[0]
	s.loads.Store(0)
	for range 3 {
		assert.Equal(t, 1, ingest(t, here, a).Repeated)
	}
	assert.Zero(t, s.loads.Load(), "nothing has to be loaded for a repeat")
	assert.Equal(t, 4, load(t, s.Store, id).Count)

	b := alert("b", "Disk full", "error", map[string]string{"alertname": "disk"})
	assert.Equal(t, 1, ingest(t, here, b).Joined)
	s.loads.Store(0)
	assert.Equal(t, 2, ingest(t, here, a, b).Repeated)
	assert.Zero(t, s.loads.Load(), "what joins here does not change the others")

	_, err := there.Do(context.Background(), id, escalation.Acknowledge{By: escalation.Actor{Name: "ben", Via: "api"}})
	require.NoError(t, err)
	assert.Equal(t, 1, ingest(t, here, a).Repeated)
	assert.EqualValues(t, 1, s.loads.Load(), "the other process changed it")
	assert.Equal(t, 8, load(t, s.Store, id).Count)

	a.SeverityWord = "critical"
	assert.Equal(t, 1, ingest(t, here, a).Joined, "a rise is no repeat")
	assert.EqualValues(t, "P0", load(t, s.Store, id).Severity)

	_, err = there.Do(context.Background(), id, escalation.Resolve{By: escalation.Actor{Name: "ben", Via: "api"}, Force: true})
	require.NoError(t, err)
	before := load(t, s.Store, id)
	require.Equal(t, escalation.Resolved, before.State)
	a.StartsAt = a.StartsAt.Add(time.Hour)
	again := ingest(t, here, a)
	assert.Equal(t, 1, again.Opened+again.Reopened, "what is resolved is not touched")
}
