package admission

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/configs"
)

var (
	noon     = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	generous = configs.RateLimit{AlertsPerSecond: 1_000_000, Burst: 1_000_000}
)

// TestShare ensures that one greedy sender leaves half for the others, that of several each
// gets less, that whoever holds nothing always finds room, and that what is given back is free.
func TestShare(t *testing.T) {
	c := New(Capacity{Alerts: 100})
	in := func(name string, n int) (func(), error) { return c.Alerts(name, generous, n, noon) }
	var leave []func()
	for range 5 {
		l, err := in("greedy", 10)
		require.NoError(t, err)
		leave = append(leave, l)
	}
	_, err := in("greedy", 10)
	var wait *Refusal
	require.ErrorAs(t, err, &wait)
	require.Equal(t, Share, wait.Reason)
	require.Positive(t, wait.Seconds())
	_, err = in("other", 25)
	require.NoError(t, err)
	_, err = in("other", 5)
	require.Error(t, err, "30 of 100 with 25 free")
	_, err = in("small", 25)
	require.NoError(t, err, "all that is left")
	_, err = in("late", 1)
	require.Error(t, err)
	for _, l := range leave {
		l()
	}
	_, err = in("late", 40)
	require.NoError(t, err)
}

// TestWholeCapacity ensures that a body with more alerts than all can share gets in alone, and
// so does one with more than the burst: it must not be refused for ever.
func TestWholeCapacity(t *testing.T) {
	c := New(Capacity{Alerts: 100})
	leave, err := c.Alerts("a", configs.RateLimit{AlertsPerSecond: 1, Burst: 10}, 1000, noon)
	require.NoError(t, err)
	_, err = c.Alerts("b", generous, 1, noon)
	require.Error(t, err)
	leave()
	_, err = c.Alerts("b", generous, 1, noon)
	require.NoError(t, err)
}

// TestRate ensures that an integration beyond its rate is told when to come again, that it is
// let in then, that no other is touched, and that a reload changes the rate.
func TestRate(t *testing.T) {
	c := New(Capacity{Alerts: 1000})
	limit := configs.RateLimit{AlertsPerSecond: 2, Burst: 10}
	let := func(name string, limit configs.RateLimit, n int, at time.Time) *Refusal {
		leave, err := c.Alerts(name, limit, n, at)
		if err == nil {
			leave()
			return nil
		}
		var wait *Refusal
		require.ErrorAs(t, err, &wait)
		return wait
	}
	require.Nil(t, let("a", limit, 10, noon))
	wait := let("a", limit, 4, noon)
	require.Equal(t, &Refusal{Rate, 2 * time.Second}, wait)
	require.Equal(t, 2, wait.Seconds())
	require.Nil(t, let("b", limit, 10, noon), "another has its own")
	require.NotNil(t, let("a", limit, 4, noon.Add(time.Second)), "a refusal costs nothing, and gives nothing")
	require.Nil(t, let("a", limit, 4, noon.Add(2*time.Second)))
	require.Nil(t, let("a", generous, 2, noon.Add(3*time.Second)))
	require.Nil(t, let("a", generous, 100, noon.Add(4*time.Second)))

	require.Equal(t, Refused{Since: noon, Last: noon.Add(time.Second), Deliveries: 2, ByRate: 2}, c.Untold()["a"])
	require.Contains(t, c.Untold()["a"].Text("a", time.UTC), "integration a was told to wait 2 times since 12:00 (its rate_limit)")
	c.Told("a", c.Untold()["a"])
	require.Empty(t, c.Untold())
}

// TestBodyRoom ensures that bodies of every length arrive whole, that room is taken for what
// came and not for what was announced, and that all of it is given back.
func TestBodyRoom(t *testing.T) {
	c := New(Capacity{Bytes: 1 << 20})
	for _, n := range []int{0, 1, firstRead - 1, firstRead, firstRead + 1, 3*firstRead + 7, 200_000} {
		for _, chunked := range []bool{false, true} {
			data := bytes.Repeat([]byte("x"), n)
			r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(data))
			if chunked {
				r.ContentLength = -1
			}
			got, release, err := c.Body(httptest.NewRecorder(), r, "a", 200_000, noon)
			require.NoError(t, err, n)
			require.Len(t, got, len(data))
			require.LessOrEqual(t, c.bytes.used, int64(2*n+firstRead))
			release()
			require.Zero(t, c.bytes.used)
		}
	}
	slow, tail := io.Pipe()
	defer func() { _ = tail.Close() }() // closed already when all went well
	r := httptest.NewRequest(http.MethodPost, "/", slow)
	r.ContentLength = 200_000 // announced; nothing comes
	done := make(chan error, 1)
	go func() {
		_, release, err := c.Body(httptest.NewRecorder(), r, "a", 200_000, noon)
		release()
		done <- err
	}()
	_, err := tail.Write([]byte("x"))
	require.NoError(t, err)
	c.mu.Lock()
	require.EqualValues(t, firstRead, c.bytes.used)
	c.mu.Unlock()
	require.NoError(t, tail.CloseWithError(io.ErrUnexpectedEOF))
	require.ErrorIs(t, <-done, ErrBroken, "cut off")
	require.Zero(t, c.bytes.used)
}

// TestBodyRefused ensures that a body that is too long is refused as such, announced or not,
// and that one integration cannot take the room of the others.
func TestBodyRefused(t *testing.T) {
	c := New(Capacity{Bytes: 8 * firstRead})
	post := func(name string, n int, announced bool) (func(), error) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", n)))
		if !announced {
			r.ContentLength = -1
		}
		_, release, err := c.Body(httptest.NewRecorder(), r, name, 2*firstRead, noon)
		return release, err
	}
	for _, announced := range []bool{true, false} {
		release, err := post("a", 2*firstRead+1, announced)
		var tooLarge *http.MaxBytesError
		require.ErrorAs(t, err, &tooLarge)
		release()
		require.Zero(t, c.bytes.used)
	}
	c = New(Capacity{Bytes: 4 * firstRead})
	_, err := post("a", 2*firstRead-10, true)
	require.NoError(t, err)
	release, err := post("a", 2*firstRead-10, true)
	var wait *Refusal
	require.ErrorAs(t, err, &wait)
	require.Equal(t, Share, wait.Reason)
	release()
	_, err = post("b", firstRead-10, true)
	require.NoError(t, err)
}

// TestFailuresAreBounded ensures that a thousand wrong guesses make few lines, that their number
// is told all the same, and that guesses at one integration hide nothing of another.
func TestFailuresAreBounded(t *testing.T) {
	c := New(Capacity{})
	lines, total := 0, 0
	for i := range 1000 {
		if before, tell := c.Failed("a", noon.Add(time.Duration(i)*100*time.Millisecond)); tell {
			lines++
			total += before + 1
		}
	}
	require.Less(t, lines, 40)
	require.GreaterOrEqual(t, lines, failureBurst)
	require.Greater(t, total, 850)
	_, tell := c.Failed("b", noon)
	require.True(t, tell)
}
