package escalation

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/paging"
)

// asJSON is what hashes of timelines have always covered.
func asJSON(e Entry) string {
	e.Hash, e.At = "", e.At.UTC()
	b, err := json.Marshal(e)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// FuzzHashed ensures that what an entry's hash covers is to the byte what encoding/json makes
// of the entry, whatever it holds, and so is what is stored of it: timelines must go on to verify.
func FuzzHashed(f *testing.F) {
	for _, text := range []string{"", `P0 "a" \ b`, "<b>&", "line\nand\ttab\x00\x7f", "größer\u2028\u2029", "\xff half \xe2\x28", "\ufffd"} {
		f.Add(3, int64(1_790_000_000), int64(120), 0, text, text, 2, 1, text, true, false)
		f.Add(-1, int64(1)<<40, int64(0), 3600, "by", text, 0, 0, "", false, false)
	}
	f.Add(2, int64(1_790_000_000), int64(0), 0, "in UTC", "a", 1, 0, "", true, false)
	f.Add(1, int64(-62135596800-1), int64(1), 0, "before the year one", "", 0, 0, "", true, true)
	f.Add(1, int64(253402300800), int64(0), 0, "the year ten thousand", "", 0, 0, "", false, false)
	f.Fuzz(func(t *testing.T, seq int, sec, nano int64, zone int, text, by string, run, round int, member string, of, foreign bool) {
		at := time.Unix(sec, nano).UTC()
		if zone != 0 {
			at = at.In(time.FixedZone("", zone%86400))
		}
		e := Entry{
			Seq: seq, At: at, Kind: EntryKind(by), Text: text,
			By: by, Tier: member, Run: run, Round: round, Attempt: paging.AttemptID(member), Hash: text,
		}
		if of {
			e.Member = &MemberKey{Integration: by, Identity: member}
		}
		if foreign {
			inner := e
			e.Foreign = &inner
		}
		require.Equal(t, asJSON(e), string(e.Hashed()))
		want, wantErr := json.Marshal(e)
		got, err := e.AppendJSON([]byte("before"))
		require.Equal(t, wantErr == nil, err == nil)
		require.Equal(t, "before"+string(want), string(got))
	})
}

// BenchmarkHash is what an entry costs that an alert writes.
func BenchmarkHash(b *testing.B) {
	e := Entry{
		Seq: 2, At: time.Unix(1_790_000_000, 123_456_789).UTC(), Kind: EntryAlert, Text: `P0 Checkout errors 7% on checkout-12 fires`,
		Run: 1, Member: &MemberKey{Integration: "prometheus", Identity: "000000012abcdef0"},
	}
	for b.Loop() {
		e.Hash = e.chain(e.Hash)
	}
}
