package delivery_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/escalation/store/memstore"
	"tocsin/paging"
	"tocsin/paging/delivery"
	"tocsin/routing"
)

const ana = "+12025550101"

// world is a store, a provider and an engine of the simplest kind, in virtual time.
type world struct {
	*memstore.Store
	t        *testing.T
	net      *network
	start    time.Time
	mu       sync.Mutex
	n        int
	reports  []paging.Report
	reporter func() error // trouble of the engine
}

// inWorld runs a test in virtual time. Synctest fails it when a goroutine is left at the end.
func inWorld(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, Store: memstore.New(memstore.Options{}), net: &network{}, start: time.Now(), reporter: func() error { return nil }}
		test(t, w)
	})
}

// deliver starts a delivery and returns what stops it and waits.
func (w *world) deliver(change ...func(*delivery.Config)) (d *delivery.Delivery, stop func()) {
	cfg := delivery.Config{
		Queue: w, Reporter: w, Channels: map[string]paging.Channel{paging.SMS: w.net},
		Fenced: func(err error) bool { return errors.Is(err, store.ErrFenced) },
	}
	for _, f := range change {
		f(&cfg)
	}
	d = delivery.New(cfg)
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	return d, func() {
		cancel()
		require.NoError(w.t, <-done)
	}
}

// after lets virtual time pass until that long after the start.
func (w *world) after(d time.Duration) {
	time.Sleep(time.Until(w.start.Add(d)))
	synctest.Wait()
}

// page plans a page about a new incident.
func (w *world) page(change ...func(*paging.Attempt)) paging.AttemptID {
	return w.plan(w.newID(), change...)
}

func (w *world) newID() paging.IncidentID {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
	var random [5]byte
	binary.BigEndian.PutUint32(random[:4], uint32(w.n))
	return store.NewID(w.start, random, 0)
}

// plan adds a page to an incident, as Step does: P2, due now, for ana.
func (w *world) plan(id paging.IncidentID, change ...func(*paging.Attempt)) paging.AttemptID {
	a := paging.Attempt{
		Incident: id, Kind: paging.Page, User: "ana", Contact: "mobile", Channel: paging.SMS, Address: ana, Zone: "UTC",
		Severity: "P2", Rank: 2, Title: "Finding", Due: time.Now(), Deadline: time.Now().Add(time.Hour), State: paging.Planned,
	}
	for _, f := range change {
		f(&a)
	}
	w.commit(id, func(in *escalation.Incident, c *store.Change) {
		in.Steps++
		a.ID = paging.AttemptID(fmt.Sprintf("%s-%d", id, in.Steps))
		c.Attempts = []escalation.AttemptPut{{Attempt: a}}
	})
	return a.ID
}

// commit changes one incident, which is made when it does not exist.
func (w *world) commit(id paging.IncidentID, change func(*escalation.Incident, *store.Change)) {
	w.mu.Lock()
	w.n++
	token := "commit-" + strconv.Itoa(w.n)
	w.mu.Unlock()
	for {
		loaded, err := w.Load(w.t.Context(), []store.Query{{ID: id}})
		require.NoError(w.t, err)
		in := loaded[0].Incident
		if in == nil {
			in = &escalation.Incident{ID: id, Key: routing.DedupKey("key-" + id), State: escalation.Triggered}
		}
		c := store.Change{Expected: loaded[0].Revision, Token: token, Incident: in}
		change(in, &c)
		done, err := w.Commit(w.t.Context(), []store.Change{c})
		require.NoError(w.t, err)
		if errors.Is(done[0].Err, store.ErrConflict) {
			continue
		}
		return
	}
}

// cancel takes a planned attempt back, as an acknowledgement does.
func (w *world) cancel(id paging.AttemptID) {
	w.commit(id.Incident(), func(_ *escalation.Incident, c *store.Change) {
		c.Cancel = []escalation.AttemptCancel{{ID: id, Reason: "acknowledged"}}
	})
}

// Report stands in for the engine: it settles the row under the claim's fence.
func (w *world) Report(ctx context.Context, reports []paging.Report) error {
	w.mu.Lock()
	trouble := w.reporter
	w.mu.Unlock()
	if err := trouble(); err != nil {
		return err
	}
	for _, r := range reports {
		w.commit(r.Attempt.Incident(), func(_ *escalation.Incident, c *store.Change) {
			a := w.row(r.Attempt)
			a.State = map[paging.Result]paging.State{
				paging.ResultSent: paging.Sent, paging.ResultFailed: paging.Failed, paging.ResultRetry: paging.Planned,
			}[r.Result]
			a.ProviderID, a.Reason, a.Segments = r.ProviderID, r.Reason, r.Segments
			if r.Result == paging.ResultRetry {
				a.Due = r.RetryAt
			}
			c.Attempts = []escalation.AttemptPut{{Attempt: a, Fence: r.Token}}
		})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reports = append(w.reports, reports...)
	return nil
}

func (w *world) row(id paging.AttemptID) paging.Attempt {
	loaded, err := w.Load(w.t.Context(), []store.Query{{ID: id.Incident(), Attempts: []paging.AttemptID{id}}})
	require.NoError(w.t, err)
	return loaded[0].Attempts[id]
}

// text is what a phone got.
type text struct {
	after time.Duration // since the network was first used
	to    string
	body  string
	at    time.Time
	id    string
}

// answer is what the network does with one send.
type answer struct {
	err  error         // nil: takes it
	take bool          // with an error: it was taken all the same
	wait time.Duration // before the answer; the client may give up earlier
}

// network is the provider: it takes everything unless a script says otherwise.
type network struct {
	mu       sync.Mutex
	begun    time.Time
	tries    []text
	texts    []text
	script   func(n int, m paging.Message) answer // n counts the sends, from 1
	unlisted time.Duration                        // messages are found only when they are this old
	failure  string                               // of what is found
	finds    int
	calls    map[string]int // sends going on, by phone
	overlap  int            // the most of them at a time
}

func (n *network) Name() string { return "network" }

func (n *network) Send(ctx context.Context, m paging.Message) (paging.Receipt, error) {
	n.mu.Lock()
	if n.begun.IsZero() {
		n.begun = time.Now()
	}
	sms := text{at: time.Now(), after: time.Since(n.begun), to: m.To, body: m.Body, id: "SM" + strconv.Itoa(len(n.tries)+1)}
	n.tries = append(n.tries, sms)
	if n.calls == nil {
		n.calls = map[string]int{}
	}
	n.calls[m.To]++
	n.overlap = max(n.overlap, n.calls[m.To])
	defer func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.calls[m.To]--
	}()
	a := answer{}
	if n.script != nil {
		a = n.script(len(n.tries), m)
	}
	n.mu.Unlock()
	select {
	case <-time.After(a.wait):
	case <-ctx.Done():
		return paging.Receipt{}, &paging.SendError{Class: paging.UnknownResult, Message: "no answer", Err: ctx.Err()}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if a.err == nil || a.take {
		n.texts = append(n.texts, sms)
	}
	return paging.Receipt{ProviderID: sms.id, Status: "queued", Segments: 1}, a.err
}

func (n *network) Find(_ context.Context, m paging.Message, since time.Time) (paging.Receipt, bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.finds++
	for _, s := range n.texts {
		if s.to == m.To && s.body == m.Body && !s.at.Before(since) && time.Since(s.at) >= n.unlisted {
			return paging.Receipt{ProviderID: s.id, Status: "sent", Failure: n.failure}, true, nil
		}
	}
	return paging.Receipt{}, false, nil
}

// asked counts the look-ups so far.
func (n *network) asked() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.finds
}

func (n *network) sent() []text {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.texts)
}

// bodies returns what was sent to one phone.
func (n *network) bodies(to string) []string {
	var out []string
	for _, s := range n.sent() {
		if s.to == to {
			out = append(out, s.body)
		}
	}
	return out
}

func refuse(class paging.Class) answer {
	return answer{err: &paging.SendError{Class: class, Message: "refused by the test"}}
}

func failing(class paging.Class, retryAfter time.Duration) answer {
	return answer{err: &paging.SendError{Class: class, Message: "refused by the test", RetryAfter: retryAfter}}
}

func p0(a *paging.Attempt) { a.Severity, a.Rank, a.Breakthrough = "P0", 0, true }

func to(address string) func(*paging.Attempt) {
	return func(a *paging.Attempt) { a.Address = address }
}

func titled(title string) func(*paging.Attempt) { return func(a *paging.Attempt) { a.Title = title } }

func due(at time.Time) func(*paging.Attempt) { return func(a *paging.Attempt) { a.Due = at } }

// code returns the reply code that a text teaches.
func code(body string) string {
	_, after, _ := strings.Cut(body, "Reply ")
	c, _, _ := strings.Cut(after, " ")
	return c
}
