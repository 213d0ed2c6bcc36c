package delivery_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/paging"
	"tocsin/paging/delivery"
)

// tracked is a network that can be asked about one text.
type tracked struct {
	*network
	mu     sync.Mutex
	asked  []time.Time
	answer func(n int) (paging.Receipt, error)
}

func (n *tracked) Track(context.Context, string) (paging.Receipt, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = append(n.asked, time.Now())
	return n.answer(len(n.asked))
}

// looks is how long after the start the network was asked.
func (n *tracked) looks(start time.Time) []time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []time.Duration
	for _, at := range n.asked {
		out = append(out, at.Sub(start))
	}
	return out
}

// following starts a delivery that follows receipts; what is Sent lacks its last one.
func (w *world) following(n *tracked) (stop func()) {
	_, stop = w.deliver(func(c *delivery.Config) {
		c.Channels = map[string]paging.Channel{paging.SMS: n}
		c.Missing = func(_ context.Context, id paging.AttemptID) (bool, error) { return w.row(id).State == paging.Sent, nil }
	})
	return stop
}

// A text that was taken and whose receipts never come is asked for, more and more seldom: what
// the provider gave up fails, and what never gets a last word is left in peace.
func TestMissingReceiptIsAskedFor(t *testing.T) {
	undelivered := paging.Receipt{ProviderID: "SM1", Status: "undelivered", Rank: 4, Failure: "the phone is off"}
	for _, v := range []struct {
		name   string
		answer func(n int) (paging.Receipt, error)
		looks  []time.Duration
		state  paging.State
	}{
		{"given up", func(int) (paging.Receipt, error) { return undelivered, nil }, seconds(20), paging.Failed},
		{"given up later", func(n int) (paging.Receipt, error) {
			return []paging.Receipt{{}, {Status: "sent"}, undelivered}[n], nil
		}, seconds(20, 60), paging.Failed},
		{"no last word", func(int) (paging.Receipt, error) { return paging.Receipt{Status: "sent", Rank: 3}, nil }, seconds(20, 60, 140), paging.Sent},
		{"no answer", func(int) (paging.Receipt, error) { return paging.Receipt{}, errors.New("nobody there") }, seconds(20, 60, 140), paging.Sent},
	} {
		t.Run(v.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				n := &tracked{network: w.net, answer: v.answer}
				stop := w.following(n)
				id := w.page(p0)
				w.after(time.Hour)
				stop()
				require.Len(t, w.net.sent(), 1)
				assert.Equal(t, v.looks, n.looks(w.start))
				assert.Equal(t, v.state, w.row(id).State)
				if v.state == paging.Failed {
					assert.Equal(t, "the phone is off (its receipt never came)", w.row(id).Reason)
				}
			})
		})
	}
}

func seconds(n ...int) []time.Duration {
	var out []time.Duration
	for _, s := range n {
		out = append(out, time.Duration(s)*time.Second)
	}
	return out
}

// A text whose receipt came is not asked for.
func TestReceiptThatCameIsNotAskedFor(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		n := &tracked{network: w.net, answer: func(int) (paging.Receipt, error) { return paging.Receipt{}, nil }}
		stop := w.following(n)
		id := w.page(p0)
		w.after(time.Second)
		require.NoError(t, w.Report(t.Context(), []paging.Report{{Attempt: id, Result: paging.ResultFailed, At: time.Now()}}))
		w.after(time.Hour)
		stop()
		assert.Empty(t, n.looks(w.start))
	})
}

// A text of unknown outcome that is found when the provider has given it up already has failed:
// no receipt may come any more to say so.
func TestFoundWhenGivenUp(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.net.script = func(int, paging.Message) answer {
			return answer{err: &paging.SendError{Class: paging.UnknownResult, Message: "no answer"}, take: true}
		}
		w.net.failure = "the phone is off"
		_, stop := w.deliver()
		id := w.page(p0)
		w.after(time.Minute)
		stop()
		assert.Equal(t, paging.Failed, w.row(id).State)
		assert.Equal(t, "the phone is off", w.row(id).Reason)
		assert.Len(t, w.net.sent(), 1)
	})
}
