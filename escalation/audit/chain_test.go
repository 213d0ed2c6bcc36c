package audit

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestPacked ensures that a batch of many records is stored in less than half of its bytes, that
// all of it comes back, and that any change of what is stored is seen.
func TestPacked(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	few := []Record{{At: at, Process: "abcdefghij", Kind: Started}}
	first, head, err := Head{}.Extend(few)
	require.NoError(t, err)
	require.Contains(t, string(first), `"kind":"started"`, "a short one is not packed")
	var many []Record
	size := 0
	for i := range 300 {
		digest := Digest(fmt.Append(nil, i))
		many = append(many, Record{At: at.Add(time.Duration(i) * time.Millisecond), Process: "abcdefghij", Kind: Opened,
			Incident: "01jf00000000000000ab", Key: digest[:16], Revision: 1, Seq: 2, Head: digest[16:48]})
	}
	value, last, err := head.Extend(many)
	require.NoError(t, err)
	b, err := ParseBatch(value)
	require.NoError(t, err)
	require.Len(t, b.Links, len(many))
	require.Equal(t, head.Hash, b.Prev)
	require.Equal(t, last, b.Head())
	for _, link := range b.Links {
		size += len(link.Hash) + len(link.Body) + 2
	}
	require.Less(t, len(value), size/2)
	l := NewLedger(at)
	l.Batch(1, first)
	l.Batch(2, value)
	require.Empty(t, l.findings)
	require.Equal(t, last, l.Head())

	_, err = ParseBatch(append(bytes.Clone(value), 'x'))
	require.Error(t, err, "what follows is no part of it")
	_, err = ParseBatch(value[:len(value)-1])
	require.Error(t, err)
	_, err = ParseBatch(bytes.Replace(value, []byte("tocsin-audit 2"), []byte("tocsin-audit 3"), 1))
	require.ErrorIs(t, err, ErrNewer)
	for at := bytes.IndexByte(value, '\n') + 1; at < len(value); at += 97 {
		damaged := bytes.Clone(value)
		damaged[at] ^= 0x10
		l := NewLedger(many[0].At)
		l.Batch(1, first)
		l.Batch(2, damaged)
		require.NotEmpty(t, l.findings, "byte %d", at)
	}
}
