package store_test

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/escalation/store/memstore"
	"tocsin/escalation/store/storetest"
	"tocsin/paging"
)

// fill sets every exported field that is reachable from v to a value that is not zero.
func fill(v reflect.Value, n int) {
	switch v.Kind() {
	case reflect.Pointer:
		if n > 200 { // an entry holds an entry
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n+1)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(storetest.T0.Add(time.Duration(n) * time.Nanosecond)))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), n+i+1)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), n+1)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n+1)
		fill(value, n+2)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString(fmt.Sprintf("text <%d> ü", n))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(n))
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic("a kind that the test does not know: " + v.Kind().String())
	}
}

func filled[T any]() (v T) {
	fill(reflect.ValueOf(&v).Elem(), 1)
	return v
}

// TestRoundTrip ensures that no field of any stored type is lost, now or when one is added,
// and that encoding/json reads what is stored in short form.
func TestRoundTrip(t *testing.T) {
	inc := filled[escalation.Incident]()
	inc.Format, inc.Count, inc.LastSeen = escalation.Format, 0, time.Time{} // counters are kept beside it
	b, err := store.EncodeIncident(&inc)
	require.NoError(t, err)
	got, err := store.DecodeIncident(b)
	require.NoError(t, err)
	require.Equal(t, &inc, got)
	var std escalation.Incident
	plain, err := store.Plain(b)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(plain, &std))
	require.Equal(t, inc, std)

	a := filled[paging.Attempt]()
	a.Format = escalation.Format
	b, err = store.EncodeAttempt(a)
	require.NoError(t, err)
	gotA, err := store.DecodeAttempt(b)
	require.NoError(t, err)
	require.Equal(t, a, gotA)

	m := filled[escalation.Member]()
	b, err = store.EncodeMember(m)
	require.NoError(t, err)
	gotM, err := store.DecodeMember(b)
	require.NoError(t, err)
	require.Equal(t, m, gotM)

	e := filled[escalation.Entry]()
	b, err = store.EncodeEntry(e)
	require.NoError(t, err)
	gotE, err := store.DecodeEntry(b)
	require.NoError(t, err)
	require.Equal(t, e, gotE)
	b, err = store.EncodeEntries([]escalation.Entry{e, {Seq: 2, Text: "two\nlines"}})
	require.NoError(t, err)
	several, err := store.DecodeEntries(b)
	require.NoError(t, err)
	require.Equal(t, []escalation.Entry{e, {Seq: 2, Text: "two\nlines"}}, several)
}

// TestShortForm ensures that values are a third as long as their JSON, that JSON as it was
// written before is read, that a damaged value is an error and one of a newer dictionary is
// left alone; and that what was written with each dictionary is read for ever.
func TestShortForm(t *testing.T) {
	inc := storetest.Incident(memstore.New(memstore.Options{}), "a", storetest.T0)
	b, err := store.EncodeIncident(inc)
	require.NoError(t, err)
	plain, err := store.Plain(b)
	require.NoError(t, err)
	require.Less(t, 2*len(b), len(plain))
	got, err := store.DecodeIncident(plain)
	require.NoError(t, err)
	require.Equal(t, inc.ID, got.ID)

	for cut := range len(b) - 1 {
		_, err := store.DecodeIncident(b[:cut+1])
		require.Error(t, err)
	}
	huge := append([]byte{1}, binary.AppendUvarint(nil, 1<<31)...)
	_, err = store.Plain(huge)
	require.ErrorContains(t, err, "damaged")
	_, err = store.DecodeIncident(append([]byte{3}, b[1:]...))
	require.ErrorIs(t, err, store.ErrNewer)

	written, err := hex.DecodeString("01d401007b9a8003283437313161626364656630628b031865752d315c227d7d8044436865636b6f7574206572726f727320372536bf0204503069bf5d1d2833332d30332d313454303909003e68085221000e5e081100007d")
	require.NoError(t, err)
	m, err := store.DecodeMember(written)
	require.NoError(t, err)
	require.Equal(t, golden, m)
	written, err = hex.DecodeString("02da019ebd00400100112233445566778899aabbccddeeff3ae002d9681865752d315c227d5de544436865636b6f7574206572726f72732037253af702003042f7022833332d30332d313454303909003eed0252210041e31100007d")
	require.NoError(t, err)
	m, err = store.DecodeMember(written)
	require.NoError(t, err)
	require.Equal(t, "00112233445566778899aabbccddeeff", m.Identity)
	m.Identity = golden.Identity
	require.Equal(t, golden, m)
}

var golden = escalation.Member{
	MemberKey: escalation.MemberKey{Integration: "prometheus", Identity: "4711abcdef0"}, Group: `{}:{cluster="eu-1"}`, Title: "Checkout errors 7%",
	Severity: "P0", StartsAt: storetest.T0, SeenAt: storetest.T0, Firing: true,
}

// TestCodecEdges ensures that odd text is stored, that a format is always written, and that
// newer and broken values are told apart.
func TestCodecEdges(t *testing.T) {
	b, err := store.EncodeMember(escalation.Member{Title: "bad \xff byte"})
	require.NoError(t, err)
	m, err := store.DecodeMember(b)
	require.NoError(t, err)
	require.Equal(t, "bad \ufffd byte", m.Title)

	b, err = store.EncodeIncident(&escalation.Incident{ID: "x"})
	require.NoError(t, err)
	plain, err := store.Plain(b)
	require.NoError(t, err)
	require.Contains(t, string(plain), fmt.Sprintf(`"v":%d,`, escalation.Format))

	_, err = store.DecodeIncident([]byte(`{"v":99,"id":"x"}`))
	require.ErrorIs(t, err, store.ErrNewer)
	_, err = store.DecodeIncident([]byte(`{"v":99,"lead":"now a text"}`))
	require.ErrorIs(t, err, store.ErrNewer, "another shape")
	_, err = store.DecodeAttempt([]byte(`{"v":99,"id":"x"}`))
	require.ErrorIs(t, err, store.ErrNewer)
	_, err = store.DecodeIncident([]byte(`{"v":1,"lead":`))
	require.Error(t, err)
	require.NotErrorIs(t, err, store.ErrNewer)
}

// TestMemstoreSharesNothing ensures that memstore copies every field of an incident, those
// that are added later included.
func TestMemstoreSharesNothing(t *testing.T) {
	s := memstore.New(memstore.Options{})
	inc := filled[escalation.Incident]()
	inc.Format, inc.Count, inc.LastSeen = escalation.Format, 0, time.Time{}
	want, err := store.EncodeIncident(&inc)
	require.NoError(t, err)
	_, err = s.Commit(t.Context(), []store.Change{{Token: "t", Incident: &inc}})
	require.NoError(t, err)
	check := func(msg string) *escalation.Incident {
		got, err := s.Load(t.Context(), []store.Query{{ID: inc.ID}})
		require.NoError(t, err)
		b, err := store.EncodeIncident(got[0].Incident)
		require.NoError(t, err)
		require.Equal(t, string(want), string(b), msg)
		return got[0].Incident
	}
	id := inc.ID
	spoil(reflect.ValueOf(&inc).Elem())
	inc.ID = id
	got := check("what was given is changed")
	spoil(reflect.ValueOf(got).Elem())
	check("what was got is changed")
}

// spoil changes, in place, what v refers to.
func spoil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		spoil(v.Elem())
	case reflect.Struct:
		if v.Type() != reflect.TypeFor[time.Time]() {
			for i := range v.NumField() {
				spoil(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			spoil(v.Index(i))
		}
	case reflect.Map:
		v.Clear()
	case reflect.String:
		v.SetString("spoiled")
	}
}

func BenchmarkEncodeIncident(b *testing.B) {
	inc := storetest.Incident(memstore.New(memstore.Options{}), "a", storetest.T0)
	b.Run("store", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = store.EncodeIncident(inc)
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = json.Marshal(inc)
		}
	})
	stored, _ := store.EncodeIncident(inc)
	plain, _ := store.Plain(stored)
	b.Run("Plain", func(b *testing.B) {
		for b.Loop() {
			_, _ = store.Plain(stored)
		}
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			_, _ = store.DecodeIncident(stored)
		}
	})
	b.Run("decode/encoding/json", func(b *testing.B) {
		for b.Loop() {
			_ = json.Unmarshal(plain, new(escalation.Incident))
		}
	})
}

// TestDigests ensures that digests take half of their bytes, wherever they stand, and come back
// as they were, those of fewer or other digits as well; and that values which an earlier version
// wrote without that are read.
func TestDigests(t *testing.T) {
	const digest = "00112233445566778899aabbccddeeff" // with the byte that marks digests
	random := strings.Repeat("01", 16)
	var with, without int
	for _, text := range []string{digest, digest + random, digest[1:], strings.ToUpper(digest), "x" + digest + "f", digest + "é" + random[2:] + "g" + random} {
		e := escalation.Entry{Seq: 1, At: storetest.T0, Kind: escalation.EntryNote, Text: text, Hash: digest}
		b, err := store.EncodeEntry(e)
		require.NoError(t, err)
		got, err := store.DecodeEntry(b)
		require.NoError(t, err)
		require.Equal(t, e, got)
		for cut := 1; cut < len(b); cut++ {
			_, err := store.DecodeEntry(b[:cut])
			require.Error(t, err)
		}
	}
	for n, size := range map[string]*int{digest: &with, "": &without} {
		b, err := store.EncodeEntry(escalation.Entry{Seq: 1, At: storetest.T0, Kind: escalation.EntryNote, Text: "note", Hash: n})
		require.NoError(t, err)
		*size = len(b)
	}
	require.LessOrEqual(t, with-without, 20)
}
