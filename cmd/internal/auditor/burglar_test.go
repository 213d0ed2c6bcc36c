package auditor_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"tocsin/escalation"
	"tocsin/escalation/audit"
	"tocsin/escalation/store"
	"tocsin/escalation/store/boltstore"
	"tocsin/paging"
)

// burglar has the file of a store, knows its layout, and writes it without Tocsin.
type burglar struct {
	t      *testing.T
	folder string
	life   life
	tx     *bolt.Tx
}

// breakIn copies a store and has a burglar at it. It returns the copy.
func breakIn(t *testing.T, folder string, l life, what func(*burglar)) store.Store {
	t.Helper()
	copied := t.TempDir()
	data, err := os.ReadFile(filepath.Join(folder, boltstore.File))
	require.NoError(t, err)
	path := filepath.Join(copied, boltstore.File)
	require.NoError(t, os.WriteFile(path, data, 0o600))
	db, err := bolt.Open(path, 0o600, nil)
	require.NoError(t, err)
	err = db.Update(func(tx *bolt.Tx) error {
		what(&burglar{t: t, folder: copied, life: l, tx: tx})
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, db.Close())
	s, err := boltstore.Open(copied)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func (b *burglar) get(bucket string, key []byte) []byte {
	v := b.tx.Bucket([]byte(bucket)).Get(key)
	require.NotNil(b.t, v, "%s %q", bucket, key)
	return bytes.Clone(v)
}

func (b *burglar) put(bucket string, key, value []byte) {
	require.NoError(b.t, b.tx.Bucket([]byte(bucket)).Put(key, value))
}

func (b *burglar) delete(bucket string, key []byte) {
	b.get(bucket, key)
	require.NoError(b.t, b.tx.Bucket([]byte(bucket)).Delete(key))
}

// member changes the first member of an incident.
func (b *burglar) member(id paging.IncidentID, change func(*escalation.Member)) {
	key := b.keys("members", string(id)+"\x00")[0]
	m, err := store.DecodeMember(b.get("members", key))
	require.NoError(b.t, err)
	change(&m)
	v, err := store.EncodeMember(m)
	require.NoError(b.t, err)
	b.put("members", key, v)
}

// attempt changes the first attempt of an incident, behind the head of its row.
func (b *burglar) attempt(id paging.IncidentID, change func(*paging.Attempt)) {
	key := b.keys("attempts", string(id)+"-")[0]
	b.changeAttempt(key, key, change)
}

func (b *burglar) changeAttempt(from, to []byte, change func(*paging.Attempt)) {
	row := b.get("attempts", from)
	at := 14 + int(binary.BigEndian.Uint16(row[12:]))
	a, err := store.DecodeAttempt(row[at:])
	require.NoError(b.t, err)
	change(&a)
	v, err := store.EncodeAttempt(a)
	require.NoError(b.t, err)
	b.put("attempts", to, append(row[:at:at], v...))
}

// keys are those with that prefix.
func (b *burglar) keys(bucket, prefix string) [][]byte {
	var out [][]byte
	c := b.tx.Bucket([]byte(bucket)).Cursor()
	for k, _ := c.Seek([]byte(prefix)); bytes.HasPrefix(k, []byte(prefix)); k, _ = c.Next() {
		out = append(out, bytes.Clone(k))
	}
	return out
}

func entryKey(id paging.IncidentID, seq int) []byte {
	return binary.BigEndian.AppendUint32(append([]byte(id), 0), uint32(seq))
}

func (b *burglar) timeline(id paging.IncidentID) []escalation.Entry {
	var out []escalation.Entry
	for _, k := range b.keys("entries", string(id)+"\x00") {
		e, err := store.DecodeEntry(b.get("entries", k))
		require.NoError(b.t, err)
		out = append(out, e)
	}
	return out
}

// setTimeline writes a timeline as it is given.
func (b *burglar) setTimeline(id paging.IncidentID, entries []escalation.Entry) {
	for _, k := range b.keys("entries", string(id)+"\x00") {
		b.delete("entries", k)
	}
	for i, e := range entries {
		v, err := store.EncodeEntry(e)
		require.NoError(b.t, err)
		b.put("entries", entryKey(id, i+1), v)
	}
}

// rechain numbers entries and makes their hashes fit, as Tocsin does.
func rechain(entries []escalation.Entry) []escalation.Entry {
	prev := ""
	for i := range entries {
		e := &entries[i]
		e.Seq, e.At, e.Hash = i+1, e.At.UTC(), ""
		body, _ := json.Marshal(e)
		sum := sha256.Sum256(append([]byte(prev), body...))
		e.Hash = hex.EncodeToString(sum[:])[:32]
		prev = e.Hash
	}
	return entries
}

// incident changes an incident.
func (b *burglar) incident(id paging.IncidentID, change func(*escalation.Incident)) {
	inc, err := store.DecodeIncident(b.get("incidents", []byte(id)))
	require.NoError(b.t, err)
	change(inc)
	v, err := store.EncodeIncident(inc)
	require.NoError(b.t, err)
	b.put("incidents", []byte(id), v)
}

// rewrite replaces a timeline by one whose chain is whole, and has the incident agree.
func (b *burglar) rewrite(id paging.IncidentID, entries []escalation.Entry) {
	entries = rechain(entries)
	b.setTimeline(id, entries)
	b.incident(id, func(i *escalation.Incident) { i.Seq, i.Head = len(entries), entries[len(entries)-1].Hash })
}

// bump sets the counter of an incident's revision, as a later commit does.
func (b *burglar) bump(id paging.IncidentID, by int64) {
	v := b.get("heads", []byte(id))
	n := binary.BigEndian.Uint64(v[3:])
	binary.BigEndian.PutUint64(v[3:], uint64(int64(n)+by))
	b.put("heads", []byte(id), v)
}

// erase takes an incident out of every bucket.
func (b *burglar) erase(id paging.IncidentID) {
	err := b.tx.ForEach(func(name []byte, bucket *bolt.Bucket) error {
		if string(name) == "series" {
			return nil
		}
		var gone [][]byte
		c := bucket.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			if bytes.Contains(k, []byte(id)) || string(v) == string(id) {
				gone = append(gone, bytes.Clone(k))
			}
		}
		for _, k := range gone {
			require.NoError(b.t, bucket.Delete(k))
		}
		return nil
	})
	require.NoError(b.t, err)
}

// copyIncident makes an incident that never was of one that is.
func (b *burglar) copyIncident(from, to paging.IncidentID) {
	renamed := func(k []byte) []byte { return bytes.Replace(k, []byte(from), []byte(to), 1) }
	for _, name := range []string{"incidents", "heads", "open", "members"} {
		for _, k := range b.keys(name, string(from)) {
			b.put(name, renamed(k), b.get(name, k))
		}
	}
	for _, k := range b.keys("attempts", string(from)+"-") {
		b.changeAttempt(k, renamed(k), func(a *paging.Attempt) {
			a.ID, a.Incident = paging.AttemptID(renamed([]byte(a.ID))), to
		})
	}
	entries := b.timeline(from)
	for i := range entries {
		entries[i].Attempt = paging.AttemptID(renamed([]byte(entries[i].Attempt)))
	}
	b.incident(to, func(i *escalation.Incident) { i.ID = to })
	b.rewrite(to, entries)
}

func seriesKey(name string, number uint64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte(name), 0), number)
}

// value of a series, behind the token.
func (b *burglar) value(name string, number uint64) (head, value []byte) {
	row := b.get("series", seriesKey(name, number))
	at := 4 + int(binary.BigEndian.Uint16(row[2:]))
	return row[:at], row[at:]
}

func (b *burglar) setValue(name string, number uint64, value []byte) {
	head, _ := b.value(name, number)
	b.put("series", seriesKey(name, number), append(bytes.Clone(head), value...))
}

// batches is how many batches the log has.
func (b *burglar) batches() uint64 { return uint64(len(b.keys("series", "audit\x00"))) }

// record finds the first record of that kind: its batch, and its place there.
func (b *burglar) record(kind audit.Kind) (batch uint64, lines []string, at int) {
	for batch = 1; batch <= b.batches(); batch++ {
		_, v := b.value("audit", batch)
		parsed, err := audit.ParseBatch(v)
		require.NoError(b.t, err)
		for i, link := range parsed.Links {
			if r, err := link.Record(); err == nil && r.Kind == kind {
				return batch, linesOf(parsed), i + 1 // after the head line
			}
		}
	}
	b.t.Fatalf("no record %s", kind)
	return 0, nil, 0
}

// linesOf is a batch as it would be stored unpacked.
func linesOf(batch audit.Batch) []string {
	out := []string{fmt.Sprintf("tocsin-audit 1 %d %s\n", batch.First, batch.Prev)}
	for _, link := range batch.Links {
		out = append(out, fmt.Sprintf("%s %s\n", link.Hash, link.Body))
	}
	return out
}

func (b *burglar) setLines(batch uint64, lines []string) {
	var v []byte
	for _, line := range lines {
		v = append(v, line...)
	}
	b.setValue("audit", batch, v)
}

// forge rewrites the whole log with every hash made to fit.
func (b *burglar) forge(change func(*audit.Record)) {
	var head audit.Head
	for n := uint64(1); n <= b.batches(); n++ {
		_, v := b.value("audit", n)
		parsed, err := audit.ParseBatch(v)
		require.NoError(b.t, err)
		var records []audit.Record
		for _, link := range parsed.Links {
			r, err := link.Record()
			require.NoError(b.t, err)
			change(&r)
			records = append(records, r)
		}
		v, head, err = head.Extend(records)
		require.NoError(b.t, err)
		b.setValue("audit", n, v)
	}
}
