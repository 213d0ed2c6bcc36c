package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/escalation/store"
)

func seriesTests() map[string]func(*suite) {
	return map[string]func(*suite){
		"series/numbers from 1, guarded":      (*suite).seriesNumbers,
		"series/settled by the token":         (*suite).seriesSettled,
		"series/independent of each other":    (*suite).seriesApart,
		"series/empty and large values":       (*suite).seriesSizes,
		"series/nothing is shared":            (*suite).seriesCopies,
		"series/what cannot be is refused":    (*suite).seriesRefused,
		"series/the oldest are forgotten":     (*suite).seriesTrimmed,
		"series/survive a restart":            (*suite).seriesRestart,
		"race/appends are dense and distinct": (*suite).raceSeries,
	}
}

// SeriesValue returns a value of that many bytes after a head from which [CheckSeriesValue]
// can tell that it is whole.
func SeriesValue(text string, size int) []byte {
	body := bytes.Repeat([]byte(text+"\n\x00\xff"), size/(len(text)+3)+1)[:size]
	return append(fmt.Appendf(nil, "%s %x\n", text, sha256.Sum256(body)), body...)
}

// CheckSeriesValue returns the text of a value that SeriesValue made, or an error when it is
// not whole.
func CheckSeriesValue(value []byte) (string, error) {
	head, body, _ := strings.Cut(string(value), "\n")
	text, sum, _ := strings.Cut(head, " ")
	if want := fmt.Sprintf("%x", sha256.Sum256([]byte(body))); sum != want {
		return "", fmt.Errorf("the value %.80q is not whole: %d bytes have the digest %s", value, len(body), want)
	}
	return text, nil
}

// CheckSeries fails the test unless every value of a series up to its last is there and whole,
// but for those that are forgotten. It returns their texts by number.
func CheckSeries(t testing.TB, s store.Store, name string) map[uint64]string {
	t.Helper()
	last, err := s.Last(t.Context(), name)
	require.NoError(t, err)
	texts := map[uint64]string{}
	for number := last[0]; number > 0 && last[0]-number < store.SeriesKept; number-- {
		v, err := s.Value(t.Context(), name, number)
		require.NoError(t, err)
		texts[number], err = CheckSeriesValue(v)
		require.NoError(t, err, "value %d", number)
	}
	for _, number := range []uint64{0, last[0] - uint64(len(texts)), last[0] + 1} {
		_, err = s.Value(t.Context(), name, number)
		require.ErrorIs(t, err, store.ErrNotFound, "value %d of %d", number, last[0])
	}
	return texts
}

func (x *suite) append(name string, after uint64, token, value string) error {
	x.t.Helper()
	err := x.s.Append(x.ctx, name, after, token, []byte(value))
	if err != nil {
		require.ErrorIs(x.t, err, store.ErrConflict)
	}
	return err
}

func (x *suite) last(names ...string) []uint64 {
	x.t.Helper()
	got, err := x.s.Last(x.ctx, names...)
	require.NoError(x.t, err)
	return got
}

func (x *suite) value(name string, number uint64) string {
	x.t.Helper()
	v, err := x.s.Value(x.ctx, name, number)
	require.NoError(x.t, err)
	return string(v)
}

// absent checks that there is no such value.
func (x *suite) absent(name string, number uint64) {
	x.t.Helper()
	v, err := x.s.Value(x.ctx, name, number)
	require.ErrorIs(x.t, err, store.ErrNotFound)
	require.Empty(x.t, v)
}

// seriesNumbers ensures that values are numbered from 1, and that only who knows the last one
// may add the next: neither who knows less nor who believes to know more.
func (x *suite) seriesNumbers() {
	require.Equal(x.t, []uint64{0}, x.last("config"))
	x.absent("config", 0)
	x.absent("config", 1)
	require.ErrorIs(x.t, x.append("config", 1, Token(), "early"), store.ErrConflict)
	require.ErrorIs(x.t, x.append("config", math.MaxUint64, Token(), "early"), store.ErrConflict)
	for n := range uint64(12) { // two digits, too: 10 comes after 9
		require.NoError(x.t, x.append("config", n, Token(), fmt.Sprint("value-", n+1)))
		require.Equal(x.t, []uint64{n + 1}, x.last("config"))
	}
	for _, after := range []uint64{0, 1, 11, 13, 14, 1 << 53, 1<<53 + 1, math.MaxUint64} {
		require.ErrorIs(x.t, x.append("config", after, Token(), "stale"), store.ErrConflict, "after %d", after)
	}
	require.Equal(x.t, []uint64{12}, x.last("config"), "what is refused adds nothing")
	for n := range uint64(12) {
		require.Equal(x.t, fmt.Sprint("value-", n+1), x.value("config", n+1))
	}
	x.absent("config", 0)
	x.absent("config", 13)
	x.absent("config", math.MaxUint64)
}

// seriesSettled ensures that an Append that is sent again is told as done and adds nothing:
// also with the token of the last value after a reload, and also when others have appended
// since. Another token is another value.
func (x *suite) seriesSettled() {
	tokens := []string{Token(), Token(), Token()}
	require.NoError(x.t, x.append("config", 0, tokens[0], "one"))
	require.NoError(x.t, x.append("config", 0, tokens[0], "one"), "sent again")
	require.NoError(x.t, x.append("config", 1, tokens[0], "one"), "sent again by one who sees its own value")
	require.ErrorIs(x.t, x.append("config", 0, tokens[1], "one"), store.ErrConflict, "somebody else's token")
	require.ErrorIs(x.t, x.append("config", 0, tokens[0][1:], "one"), store.ErrConflict, "part of the token")
	require.ErrorIs(x.t, x.append("config", 0, tokens[0]+"x", "one"), store.ErrConflict, "more than the token")
	require.Equal(x.t, []uint64{1}, x.last("config"))

	require.NoError(x.t, x.append("config", 1, tokens[1], "two"))
	require.NoError(x.t, x.append("config", 2, tokens[2], "three"))
	require.NoError(x.t, x.append("config", 0, tokens[0], "one"), "it was applied, though others came since")
	require.NoError(x.t, x.append("config", 1, tokens[1], "two"))
	require.ErrorIs(x.t, x.append("config", 1, tokens[0], "one"), store.ErrConflict, "1 is followed by another's")
	require.Equal(x.t, []uint64{3}, x.last("config"))
	for i, want := range []string{"one", "two", "three"} {
		require.Equal(x.t, want, x.value("config", uint64(i+1)))
	}
}

// seriesApart ensures that series whose names look alike have nothing in common, and that Last
// answers in the order in which it is asked.
func (x *suite) seriesApart() {
	names := []string{"a", "a:1", "a:1:1", "a-", "a_", "aa", "0", "z", strings.Repeat("n", store.MaxSeriesName)}
	token := Token() // a token counts within its series only
	for i, name := range names {
		for n := range i + 1 {
			require.NoError(x.t, x.append(name, uint64(n), fmt.Sprint(token, n), fmt.Sprint(name, " ", n+1)))
		}
	}
	asked := append([]string{"nobody", "a:"}, names...)
	require.Equal(x.t, []uint64{0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, x.last(asked...))
	require.Equal(x.t, []uint64{7, 0, 7}, x.last("0", "a:1:", "0"))
	require.Empty(x.t, x.last())
	for i, name := range names {
		for n := range i + 1 {
			require.Equal(x.t, fmt.Sprint(name, " ", n+1), x.value(name, uint64(n+1)))
		}
		x.absent(name, uint64(i+2))
	}
}

// seriesSizes ensures that a value may be anything from nothing to the largest, and that the
// largest do not keep anything from following.
func (x *suite) seriesSizes() {
	large := SeriesValue("large", store.MaxSeriesValue-100)
	large = append(large, bytes.Repeat([]byte{'\n'}, store.MaxSeriesValue-len(large))...)
	values := []string{"", "\n", string(large), "\x00", string(large[1:]), "", "last"}
	for n, v := range values {
		require.NoError(x.t, x.append("config", uint64(n), Token(), v))
	}
	require.NoError(x.t, x.s.Append(x.ctx, "overlay", 0, Token(), nil))
	require.Empty(x.t, x.value("overlay", 1))
	for n, v := range values {
		require.True(x.t, x.value("config", uint64(n+1)) == v, "value %d, %d bytes", n+1, len(v)) //nolint:testifylint // Equal would print 4 MB
	}
	err := x.s.Append(x.ctx, "config", uint64(len(values)), Token(), append(large, 'x'))
	require.ErrorContains(x.t, err, "4194305 bytes")
	require.Equal(x.t, []uint64{uint64(len(values))}, x.last("config"))
}

// seriesCopies ensures that neither the bytes handed in nor those handed out are the store's.
func (x *suite) seriesCopies() {
	v := SeriesValue("value", 20_000) // more than a page
	want := string(v)
	require.NoError(x.t, x.s.Append(x.ctx, "config", 0, Token(), v))
	v[0] = 'X'
	got, err := x.s.Value(x.ctx, "config", 1)
	require.NoError(x.t, err)
	require.Equal(x.t, want, string(got))
	got[0] = 'Y'
	require.Equal(x.t, want, x.value("config", 1))
}

// seriesRefused ensures that names and tokens which a store could not keep apart are refused
// by all methods, and that an ended context is.
func (x *suite) seriesRefused() {
	for _, name := range []string{"", "Config", "a b", "a/b", "a\n", "a\x00", "ä", "a.b", "{a}", strings.Repeat("n", store.MaxSeriesName+1)} {
		err := x.s.Append(x.ctx, name, 0, Token(), nil)
		require.ErrorContains(x.t, err, "series", "%q", name)
		require.NotErrorIs(x.t, err, store.ErrConflict)
		_, err = x.s.Last(x.ctx, "config", name)
		require.ErrorContains(x.t, err, "series", "%q", name)
		_, err = x.s.Value(x.ctx, name, 1)
		require.ErrorContains(x.t, err, "series", "%q", name)
		require.NotErrorIs(x.t, err, store.ErrNotFound)
	}
	for _, token := range []string{"", "a\nb", strings.Repeat("t", store.MaxSeriesToken+1)} {
		require.ErrorContains(x.t, x.s.Append(x.ctx, "config", 0, token, nil), "token", "%q", token)
	}
	over, cancel := context.WithCancel(x.ctx)
	cancel()
	require.ErrorIs(x.t, x.s.Append(over, "config", 0, Token(), nil), context.Canceled)
	_, err := x.s.Last(over, "config")
	require.ErrorIs(x.t, err, context.Canceled)
	_, err = x.s.Value(over, "config", 1)
	require.ErrorIs(x.t, err, context.Canceled)
	require.Equal(x.t, []uint64{0}, x.last("config"))
	require.NoError(x.t, x.append("config", 0, strings.Repeat("t:", store.MaxSeriesToken/2), ""), "the longest token")
	require.NoError(x.t, x.append("config", 0, strings.Repeat("t:", store.MaxSeriesToken/2), ""), "which settles, too")
}

// seriesTrimmed ensures that the last SeriesKept values of a series are kept and no other, but
// all of the audit log, and that numbers go on.
func (x *suite) seriesTrimmed() {
	if testing.Short() {
		x.t.Skip("2006 appends, each of them durable; run without -short")
	}
	const n = store.SeriesKept + 3
	require.NoError(x.t, x.append("overlay", 0, Token(), "stays"))
	first := Token()
	for i := range uint64(n) {
		token := Token()
		if i == 0 {
			token = first
		}
		require.NoError(x.t, x.s.Append(x.ctx, "config", i, token, SeriesValue(fmt.Sprint(i+1), 10)))
		require.NoError(x.t, x.s.Append(x.ctx, "audit", i, Token(), SeriesValue(fmt.Sprint(i+1), 10)))
		if i+1 == store.SeriesKept {
			require.NotEmpty(x.t, x.value("config", 1), "the first of so many is kept")
		}
	}
	require.Equal(x.t, []uint64{n, 1}, x.last("config", "overlay"))
	texts := CheckSeries(x.t, x.s, "config")
	require.Len(x.t, texts, store.SeriesKept)
	for number, text := range texts {
		require.Equal(x.t, fmt.Sprint(number), text)
	}
	for number := range uint64(4) {
		x.absent("config", number)
	}
	require.Equal(x.t, "stays", x.value("overlay", 1))
	for number := range uint64(n) {
		text, err := CheckSeriesValue([]byte(x.value("audit", number+1)))
		require.NoError(x.t, err)
		require.Equal(x.t, fmt.Sprint(number+1), text, "the audit log is never forgotten")
	}
	require.ErrorIs(x.t, x.append("config", 0, first, "again"), store.ErrConflict, "a token is forgotten with its value")
}

// seriesRestart ensures that a durable store has values, numbers and tokens after a restart.
func (x *suite) seriesRestart() {
	if x.o.restart == nil {
		return // this store is not durable
	}
	token := Token()
	for n := range uint64(3) {
		require.NoError(x.t, x.s.Append(x.ctx, "config", n, fmt.Sprint(token, n), SeriesValue(fmt.Sprint(n+1), 100_000)))
	}
	x.s = x.o.restart(x.t, x.s)
	require.Equal(x.t, []uint64{3, 0}, x.last("config", "overlay"))
	require.Equal(x.t, map[uint64]string{1: "1", 2: "2", 3: "3"}, CheckSeries(x.t, x.s, "config"))
	require.NoError(x.t, x.append("config", 2, token+"2", "settled"))
	require.ErrorIs(x.t, x.append("config", 2, Token(), "stale"), store.ErrConflict)
	require.NoError(x.t, x.s.Append(x.ctx, "config", 3, Token(), SeriesValue("4", 1)))
	require.Len(x.t, CheckSeries(x.t, x.s, "config"), 4)
}

// raceSeries ensures that of several who append after the same number one succeeds, so that
// numbers are dense and every value is there exactly once, while readers see only whole values.
func (x *suite) raceSeries() {
	const writers, each, readers = 4, 15, 2
	var running atomic.Int32
	running.Store(writers)
	together(writers+readers, func(i int) {
		if i >= writers {
			for running.Load() > 0 {
				x.readLast()
			}
			return
		}
		defer running.Add(-1)
		for n := range each {
			if err := appendNext(x.ctx, x.s, "config", Token(), SeriesValue(fmt.Sprintf("%d-%d", i, n), 5000)); err != nil {
				x.t.Error(err)
				return
			}
		}
	})
	texts := CheckSeries(x.t, x.s, "config")
	require.Len(x.t, texts, writers*each, "dense from 1 on")
	once := map[string]bool{}
	for _, text := range texts {
		once[text] = true
	}
	require.Len(x.t, once, writers*each, "each value once")
}

// readLast reads what the last number names; it is there, and whole.
func (x *suite) readLast() {
	last, err := x.s.Last(x.ctx, "config")
	if err == nil && last[0] > 0 {
		var v []byte
		if v, err = x.s.Value(x.ctx, "config", last[0]); err == nil {
			_, err = CheckSeriesValue(v)
		}
	}
	if err != nil {
		x.t.Error(err)
	}
}

// appendNext appends after whatever is the last value.
func appendNext(ctx context.Context, s store.Store, name, token string, value []byte) error {
	for {
		last, err := s.Last(ctx, name)
		if err != nil {
			return err
		}
		err = s.Append(ctx, name, last[0], token, value)
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}
