package store

import (
	"encoding/binary"
	"hash/fnv"
	"strings"
	"time"

	"tocsin/paging"
	"tocsin/routing"
)

// alphabet is Crockford's base 32 in lower case: it sorts like the numbers it stands for and
// has no letters that people mix up.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

const (
	timeChars   = 10 // 50 bits of milliseconds
	randomChars = 8  // 40 bits
	shardChars  = 2  // up to 1024 shards
	idChars     = timeChars + randomChars + shardChars
)

// Shard returns the shard of a dedup key among n.
func Shard(key routing.DedupKey, n int) int {
	if n <= 1 {
		return 0
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // never fails
	return int(h.Sum32() % uint32(n))
}

// NewID makes an incident id. Ids sort by the millisecond of at; random decides among equals.
func NewID(at time.Time, random [5]byte, shard int) paging.IncidentID {
	var b strings.Builder
	b.Grow(idChars)
	put(&b, uint64(max(at.UnixMilli(), 0)), timeChars)
	put(&b, binary.BigEndian.Uint64(append([]byte{0, 0, 0}, random[:]...)), randomChars)
	put(&b, uint64(shard), shardChars)
	return paging.IncidentID(b.String())
}

func put(b *strings.Builder, v uint64, chars int) {
	for i := chars - 1; i >= 0; i-- {
		b.WriteByte(alphabet[v>>(5*i)&31])
	}
}

// ShardOf returns the shard that an incident lives in; false when id is not well formed.
func ShardOf(id paging.IncidentID) (int, bool) {
	if len(id) != idChars {
		return 0, false
	}
	shard := 0
	for i := range id {
		digit := strings.IndexByte(alphabet, id[i])
		if digit < 0 {
			return 0, false
		}
		if i >= idChars-shardChars {
			shard = shard<<5 | digit
		}
	}
	return shard, true
}

// MadeAt is when an id was made, to the millisecond; false when id is not well formed.
func MadeAt(id paging.IncidentID) (time.Time, bool) {
	if _, ok := ShardOf(id); !ok {
		return time.Time{}, false
	}
	ms := int64(0)
	for i := range timeChars {
		ms = ms<<5 | int64(strings.IndexByte(alphabet, id[i]))
	}
	return time.UnixMilli(ms).UTC(), true
}
