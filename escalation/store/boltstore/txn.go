package boltstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"time"

	bolt "go.etcd.io/bbolt"

	"tocsin/escalation"
	"tocsin/paging"
)

const (
	incidentBucket = "incidents"
	headBucket     = "heads"
	keyBucket      = "keys"
	openBucket     = "open"
	endedBucket    = "ended"
	timerBucket    = "timers"
	memberBucket   = "members"
	identityBucket = "identity"
	groupBucket    = "groups"
	entryBucket    = "entries"
	attemptBucket  = "attempts"
	dueBucket      = "due"
	codeBucket     = "codes"
	codeKeyBucket  = "codekeys"
	phoneBucket    = "phones"
	onceBucket     = "once"
	expiryBucket   = "expiry"
	seriesBucket   = "series"
	intakeBucket   = "intake"
	metaBucket     = "meta"
)

var buckets = [...]string{incidentBucket, headBucket, keyBucket, openBucket, endedBucket, timerBucket, memberBucket,
	identityBucket, groupBucket, entryBucket, attemptBucket, dueBucket, codeBucket, codeKeyBucket, phoneBucket,
	onceBucket, expiryBucket, seriesBucket, intakeBucket, metaBucket}

// appended says which buckets grow at their end: their pages are filled nearly full when they
// split, for nothing comes in between later.
func appended(name string) bool {
	switch name {
	case incidentBucket, headBucket, openBucket, endedBucket, memberBucket, entryBucket, attemptBucket, intakeBucket:
		return true
	default:
		return false
	}
}

// txn is one transaction with its buckets at hand.
type txn struct {
	tx *bolt.Tx
	s  *Store
	at map[string]*bolt.Bucket
}

func newTxn(tx *bolt.Tx, s *Store) *txn {
	return &txn{tx: tx, s: s, at: map[string]*bolt.Bucket{}}
}

func (t *txn) bucket(name string) *bolt.Bucket {
	b := t.at[name]
	if b == nil {
		b = t.tx.Bucket([]byte(name))
		if appended(name) {
			b.FillPercent = 0.9
		}
		t.at[name] = b
	}
	return b
}

// get returns a value that is valid until the transaction ends.
func (t *txn) get(name string, key []byte) []byte { return t.bucket(name).Get(key) }

func (t *txn) put(name string, key, value []byte) error { return t.bucket(name).Put(key, value) }

func (t *txn) delete(name string, key []byte) error { return t.bucket(name).Delete(key) }

// scan calls f for each key with that prefix, in order, until f returns false. f must not write.
func (t *txn) scan(name string, prefix []byte, f func(key, value []byte) bool) {
	c := t.bucket(name).Cursor()
	for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
		if !f(k, v) {
			return
		}
	}
}

// keysOf returns copies of the keys with that prefix, at most limit; so that they can be deleted.
func (t *txn) keysOf(name string, prefix []byte, limit int) [][]byte {
	var keys [][]byte
	t.scan(name, prefix, func(k, _ []byte) bool {
		keys = append(keys, bytes.Clone(k))
		return len(keys) < limit
	})
	return keys
}

// until returns copies of the keys, at most limit, that begin with a stamp no later than last.
func (t *txn) until(name string, last uint64, limit int) [][]byte {
	var keys [][]byte
	t.scan(name, nil, func(k, _ []byte) bool {
		if binary.BigEndian.Uint64(k) > last || len(keys) >= limit {
			return false
		}
		keys = append(keys, bytes.Clone(k))
		return true
	})
	return keys
}

// deleteAll deletes the keys with that prefix.
func (t *txn) deleteAll(name string, prefix []byte) error {
	for _, k := range t.keysOf(name, prefix, math.MaxInt) {
		if err := t.delete(name, k); err != nil {
			return err
		}
	}
	return nil
}

// timeBytes is how many bytes an instant takes in a key.
const timeBytes = 8

// appendTime writes an instant so that it sorts; the zero time becomes 0. Years before 1678
// and after 2262 become the nearest that fits.
func appendTime(b []byte, at time.Time) []byte { return binary.BigEndian.AppendUint64(b, stamp(at)) }

func stamp(at time.Time) uint64 {
	if at.IsZero() {
		return 0
	}
	n := at.UnixNano()
	switch {
	case at.Year() < 1678:
		n = math.MinInt64 + 1
	case at.Year() > 2261:
		n = math.MaxInt64
	}
	return uint64(n) ^ 1<<63
}

func readTime(b []byte) time.Time { return instant(binary.BigEndian.Uint64(b)) }

func instant(stamp uint64) time.Time {
	if stamp == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(stamp^1<<63)).UTC()
}

// rowPrefix is what the keys of an incident's rows begin with.
func rowPrefix(id paging.IncidentID) []byte { return append([]byte(id), 0) }

func entryKey(id paging.IncidentID, seq int) []byte {
	return binary.BigEndian.AppendUint32(rowPrefix(id), uint32(seq))
}

func timerKey(due uint64, id []byte) []byte {
	return append(binary.BigEndian.AppendUint64(make([]byte, 0, timeBytes+len(id)), due), id...)
}

const rankBytes = 4

// dueKey sorts attempts by rank, then time.
func dueKey(rank int32, due uint64, id []byte) []byte {
	b := make([]byte, 0, rankBytes+timeBytes+len(id))
	b = binary.BigEndian.AppendUint32(b, uint32(rank)^1<<31)
	return append(binary.BigEndian.AppendUint64(b, due), id...)
}

func memberBytes(k escalation.MemberKey) []byte {
	return append(append([]byte(k.Integration), 0), k.Identity...)
}

func readMember(b []byte) escalation.MemberKey {
	integration, identity, _ := bytes.Cut(b, []byte{0})
	return escalation.MemberKey{Integration: string(integration), Identity: string(identity)}
}

// memberKey is the key of a member row. Sources choose identities, so that a long one is
// cut and made unique by its digest: a key has no more than 32 KB.
func memberKey(id paging.IncidentID, k escalation.MemberKey) []byte {
	const most = 1024
	b := memberBytes(k)
	if len(b) > most {
		sum := sha256.Sum256(b)
		b = append(b[:most:most], sum[:]...)
	}
	return append(rowPrefix(id), b...)
}

const digestBytes = 16

// digest stands for two texts in an index key, whatever their length.
func digest(a, b string) []byte {
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(a))))
	h.Write([]byte(a))
	h.Write([]byte(b))
	return h.Sum(make([]byte, 0, sha256.Size))[:digestBytes:digestBytes]
}

func identityKey(k escalation.MemberKey, id paging.IncidentID) []byte {
	return append(digest(k.Integration, k.Identity), id...)
}

func groupKey(group string, k escalation.MemberKey, id paging.IncidentID) []byte {
	b := append(digest(k.Integration, group), rowPrefix(id)...)
	return append(b, digest(k.Integration, k.Identity)...)
}
