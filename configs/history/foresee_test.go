package history

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation/store"
)

// records puts deliveries into the log, named by their order.
func (w world) records(at time.Time, n int, from int) {
	w.t.Helper()
	for i := range n {
		require.NoError(w.t, w.store.Record(w.t.Context(), store.Intake{At: at, Integration: "events", Note: fmt.Sprint(from + i), Alerts: 1}, 1000*time.Hour))
	}
}

// Every delivery of the log is read exactly once and in order, wherever pages end: between
// instants, within the deliveries of one instant, or after its last.
func TestEveryIntakeIsReadOnce(t *testing.T) {
	for name, bursts := range map[string][]int{
		"none": {}, "one": {1}, "one page": {page}, "one and a page": {1, page},
		"one instant over the end of a page": {page - 3, 6, 4}, "over two ends": {page - 3, 6, page - 5, 7, 2},
		"a page and one": {page, 1}, "more in one instant than a page holds": {2, 2*page + 5, 3}, "an instant that ends with its page": {page - 3, 3, 5}, "every one alone": nil,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if bursts == nil {
				for range 2*page + 1 {
					bursts = append(bursts, 1)
				}
			}
			n := 0
			for i, size := range bursts {
				w.records(noon.Add(time.Duration(i)*time.Millisecond), size, n)
				n += size
			}
			var got []store.Intake
			require.NoError(t, w.intakes(t.Context(), noon, func(page []store.Intake) { got = append(got, page...) }))
			require.Equal(t, n, len(got)) //nolint:testifylint // Len would print all of them
			for i, in := range got {
				require.Equal(t, fmt.Sprint(i), in.Note)
			}
		})
	}
}
