package escalation

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/routing"
)

// Whether a replay judges as the engine does is tested beside the engine: there both play the
// same histories. Here is what only a replay has: people as a model, bounds, and its options.

func sent(clockTime string, alerts ...routing.Alert) Delivery {
	return Delivery{At: clock(clockTime), Integration: "prom", Batch: routing.Batch{Alerts: alerts}}
}

func wrong(identity, word string, labels map[string]string) routing.Alert {
	return routing.Alert{Source: "alertmanager", Identity: identity, Title: identity, Status: routing.Firing, SeverityWord: word, Labels: labels}
}

func whoWhen(pages []ReplayedPage) (out []string) {
	for _, p := range pages {
		out = append(out, fmt.Sprint(p.At.Format("15:04"), " ", p.User, " ", p.Tier))
	}
	return out
}

func replay(book *Book, deliveries []Delivery, o ReplayOptions) ReplayResult {
	r := NewReplayer(book, o)
	for _, d := range deliveries {
		r.Deliver(d)
	}
	return r.Finish()
}

// TestReplayPeople ensures that whoever is paged first acknowledges after AckAfter, in every
// run: also after the acknowledgement ran out, and after a rise withdrew it.
func TestReplayPeople(t *testing.T) {
	book := bookOf()
	rising := []Delivery{sent("03:00", wrong("a", "P1", map[string]string{"trouble": "disk"})), sent("03:20", wrong("b", "P0", map[string]string{"trouble": "disk"}))}
	got := replay(book, rising, ReplayOptions{AckAfter: 7 * time.Minute, Until: clock("04:05")})
	require.Equal(t, []string{
		"03:00 ana primary", "03:05 ben secondary", // ana acknowledges at 03:07
		"03:20 ana primary", "03:25 ben secondary", // she does again at 03:27, for 30 minutes
		"03:57 ana acknowledger", "04:02 ana primary", // and at 04:04
	}, whoWhen(got.Pages))
	require.Len(t, got.Incidents, 1)
	require.Equal(t, Acknowledged, got.Incidents[0].State)
	require.Equal(t, []int{6, 6, 1, 1}, []int{got.Paged, got.Incidents[0].Pages, got.Opened, got.Joined})
}

// TestReplayBounds ensures that a replay ends where it is told to, leaves alone what only
// repeats, and says so when its steps do not suffice.
func TestReplayBounds(t *testing.T) {
	book := bookOf()
	alone := []Delivery{sent("03:00", wrong("a", "P1", nil))}
	require.Len(t, replay(book, alone, ReplayOptions{}).Pages, 1, "it ends with the last delivery")
	day := replay(book, alone, ReplayOptions{Until: clock("+1 02:00")})
	twice := replay(book, alone, ReplayOptions{Until: clock("+1 02:00"), Fallbacks: 2})
	require.Len(t, twice.Pages, 8)
	require.Equal(t, day.Pages[:8], twice.Pages)
	require.Greater(t, len(day.Pages), 100)
	require.Empty(t, day.Note)

	cut := replay(book, alone, ReplayOptions{Until: clock("+1 02:00"), Steps: 20})
	require.Equal(t, day.Pages[:len(cut.Pages)], cut.Pages)
	require.Contains(t, cut.Note, "after 20 steps")
	require.Len(t, replay(book, []Delivery{alone[0], sent("05:00", wrong("b", "P1", nil))}, ReplayOptions{Until: clock("04:00")}).Incidents, 1)
}

// TestReplayForgets ensures that memory holds what is open, not what ever was, and that a page
// handed out is the page that would have been listed.
func TestReplayForgets(t *testing.T) {
	book := bookOf()
	var pages []ReplayedPage
	o := ReplayOptions{AckAfter: time.Minute, Each: func(p ReplayedPage) { pages = append(pages, p) }}
	r := NewReplayer(book, o)
	var all []Delivery
	for i := range 2000 {
		at := day.Add(time.Duration(i) * time.Minute)
		fires := Delivery{At: at, Integration: "prom", Batch: routing.Batch{DeliveryID: fmt.Sprint(i), Alerts: []routing.Alert{wrong(fmt.Sprint(i), "P1", nil)}}}
		ends := fires
		ends.At, ends.Batch = at.Add(30*time.Second), routing.Batch{Alerts: []routing.Alert{{Identity: fmt.Sprint(i), Status: routing.Resolved}}}
		all = append(all, fires, ends)
	}
	for _, d := range all {
		r.Deliver(d)
	}
	require.Less(t, len(r.h.identity), 20)
	require.Less(t, len(r.h.keys), 20)
	require.Less(t, len(r.h.agenda), 40)
	require.LessOrEqual(t, len(r.seen), 24*60+1)
	silent := NewReplayer(book, ReplayOptions{})
	for i := range 500 { // ended by silence two hours later, and told of after that
		at := day.Add(time.Duration(i) * 6 * time.Minute)
		silent.Deliver(Delivery{At: at, Integration: "short", Batch: routing.Batch{Alerts: []routing.Alert{wrong(fmt.Sprint(i), "P1", nil)}}})
		silent.Deliver(Delivery{At: at, Integration: "short", Batch: routing.Batch{Alerts: []routing.Alert{{Identity: fmt.Sprint(i - 30), Status: routing.Resolved}}}})
	}
	require.Less(t, len(silent.h.identity), 40)
	got := r.Finish()
	require.Empty(t, got.Pages)
	require.Empty(t, got.Incidents)
	o.Each = nil
	listed := replay(book, all, o)
	require.Equal(t, listed.Pages, pages)
	require.Len(t, listed.Incidents, 2000)
	require.Equal(t, listed, replay(book, all, o), "equal arguments, equal results")
}
