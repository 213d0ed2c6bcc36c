package channeltest

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"tocsin/paging"
)

// patience is far more than a stand-in on the same machine needs.
const patience = 20 * time.Second

// Run runs the suite. It makes a harness for every case.
func Run(t *testing.T, newHarness func(t *testing.T) Harness) {
	t.Helper()
	cases := []struct {
		name string
		test func(t *testing.T, h Harness)
	}{
		{"accept", testAccept},
		{"classes", testClasses},
		{"retry after", testRetryAfter},
		{"deadline", testDeadline},
		{"cancel", testCancel},
		{"drop and find", testDropAndFind},
		{"find finds only its own", testFindOnlyOwn},
		{"find honours the context", testFindContext},
		{"many failures leave nothing behind", testManyFailures},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			h := newHarness(t)
			require.NotNil(t, h.Channel)
			c.test(t, h)
			h.Close()
			assert.NoError(t, goleak.Find(before), "a goroutine of the channel is left")
		})
	}
}

// message returns a text like delivery sends; n makes the body unique.
func message(h Harness, n int) paging.Message {
	code := strconv.Itoa(10 + n)
	return paging.Message{
		Attempt:  paging.AttemptID("01J0000000testtest00-" + code),
		To:       h.To,
		Body:     "P1 Disk full (db 1). Reply " + code + " = ack, " + code + "e = pass on",
		ValidFor: 5 * time.Minute,
	}
}

func send(t *testing.T, h Harness, n int) (paging.Receipt, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return h.Channel.Send(ctx, message(h, n))
}

// requireClass asserts that err says what delivery needs: a *SendError of that class with a
// sentence for people.
func requireClass(t *testing.T, want paging.Class, err error) *paging.SendError {
	t.Helper()
	require.Error(t, err)
	var se *paging.SendError
	require.ErrorAs(t, err, &se, "a channel returns nothing but *paging.SendError")
	require.Equal(t, want, se.Class, "%v", err)
	require.NotEmpty(t, se.Message, "the error says nothing to people")
	return se
}

// testAccept: a message that the provider takes gives a receipt that names it.
func testAccept(t *testing.T, h Harness) {
	require.NotEmpty(t, h.Channel.Name())
	first, err := send(t, h, 1)
	require.NoError(t, err)
	assert.NotEmpty(t, first.ProviderID)
	assert.NotEmpty(t, first.Status)
	second, err := send(t, h, 2)
	require.NoError(t, err)
	assert.NotEqual(t, first.ProviderID, second.ProviderID, "two messages share one provider id")
	assert.Equal(t, 2, h.Taken())
}

// testClasses: each refusal has its class, takes nothing, and the channel works afterwards.
func testClasses(t *testing.T, h Harness) {
	for i, c := range []struct {
		answer Answer
		class  paging.Class
	}{
		{BadContact, paging.BadContact},
		{OptedOut, paging.OptedOut},
		{BadAccount, paging.BadAccount},
		{BadContent, paging.BadContent},
		{RateLimited, paging.Temporary},
	} {
		h.Answer(c.answer)
		_, err := send(t, h, i)
		se := requireClass(t, c.class, err)
		assert.Equal(t, c.class != paging.Temporary && c.class != paging.BadContent, se.Permanent(), string(c.answer))
	}
	// A 5xx may come from a proxy in front of a provider that took the message: both
	// "not taken" and "unknown" are honest, a permanent class would lose the page.
	h.Answer(ServerError)
	_, err := send(t, h, 9)
	se := paging.AsSendError(err)
	require.Error(t, err)
	assert.Contains(t, []paging.Class{paging.Temporary, paging.UnknownResult}, se.Class)
	assert.Equal(t, 503, se.Status, "the status of an answer that is not JSON is lost")
	assert.Less(t, len(se.Message), 500, "a page of HTML is no message for people")
	assert.Equal(t, 0, h.Taken())

	h.Answer(Accept)
	_, err = send(t, h, 10)
	assert.NoError(t, err)
}

// testRetryAfter: the provider's own word on when to come back is kept.
func testRetryAfter(t *testing.T, h Harness) {
	h.Answer(RateLimited)
	_, err := send(t, h, 1)
	se := requireClass(t, paging.Temporary, err)
	assert.Equal(t, RetryAfter, se.RetryAfter)
	assert.Equal(t, 429, se.Status)
}

// testDeadline: a provider that does not answer costs no more than the deadline; what became
// of the message is unknown.
func testDeadline(t *testing.T, h Harness) {
	h.Answer(Hang)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := h.Channel.Send(ctx, message(h, 1))
	requireClass(t, paging.UnknownResult, err)
	assert.Less(t, time.Since(start), 5*time.Second, "the deadline was not honoured")
}

// testCancel: a send that is canceled ends promptly, and one whose context has ended before
// it began sends nothing.
func testCancel(t *testing.T, h Harness) {
	h.Answer(Hang)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := h.Channel.Send(ctx, message(h, 1))
		done <- err
	}()
	cancel()
	select {
	case err := <-done:
		require.Error(t, err)
	case <-time.After(patience):
		t.Fatal("Send did not end when its context was canceled")
	}
	h.Answer(Accept) // the first may still be under way, and be taken
	since := time.Now()
	_, err := h.Channel.Send(ctx, message(h, 2))
	require.Error(t, err)
	look, end := context.WithTimeout(t.Context(), patience)
	defer end()
	_, found, err := h.Channel.Find(look, message(h, 2), since)
	require.NoError(t, err)
	assert.False(t, found, "something was sent after the context had ended")
}

// testDropAndFind: a message that was taken while the answer got lost is found again, by the
// message and the time alone.
func testDropAndFind(t *testing.T, h Harness) {
	since := time.Now()
	h.Answer(Drop)
	_, err := send(t, h, 1)
	requireClass(t, paging.UnknownResult, err)
	require.Equal(t, 1, h.Taken(), "the channel sent again by itself; only delivery may")

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, found, err := h.Channel.Find(ctx, message(h, 1), since)
	require.NoError(t, err)
	require.True(t, found, "the message was taken but not found")
	assert.NotEmpty(t, r.ProviderID)
	assert.NotEmpty(t, r.Status)
}

// testFindOnlyOwn: another message to the same address is not mistaken for the one looked for.
func testFindOnlyOwn(t *testing.T, h Harness) {
	since := time.Now()
	_, err := send(t, h, 1)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, found, err := h.Channel.Find(ctx, message(h, 2), since)
	require.NoError(t, err)
	assert.False(t, found)
}

// testFindContext: a look-up whose context has ended is an error, not "not found".
func testFindContext(t *testing.T, h Harness) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, found, err := h.Channel.Find(ctx, message(h, 1), time.Now())
	require.Error(t, err)
	assert.False(t, found)
}

// testManyFailures: failures with large bodies do not pile up connections or goroutines; the
// check for leaks comes after every case.
func testManyFailures(t *testing.T, h Harness) {
	h.Answer(ServerError)
	for i := range 20 {
		_, err := send(t, h, i)
		require.Error(t, err)
	}
	h.Answer(Accept)
	_, err := send(t, h, 99)
	require.NoError(t, err)
}
