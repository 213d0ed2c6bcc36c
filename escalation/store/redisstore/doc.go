// Package redisstore keeps incidents in Redis (plain, Sentinel or Cluster), for any number of
// gateway processes. It needs Redis 7.0 or later.
//
// # Layout
//
// Every key begins with "tocsin:{n}:", n being the shard, so that all keys of a shard live in
// one slot. There are N shards, fixed at installation in the key "tocsin:shards". An incident
// lives in the shard of its dedup key, and its id says which one that is.
//
//	i:<id>       string   header (open, format, count, last seen, due, revision) and incident, see
//	                      row.go; then its first members and entries, see opening.go
//	k:<key>      string   the incident that has that dedup key, or had it last
//	m:<id>       hash     later members: integration NUL identity → JSON
//	a:<id>       hash     attempts: id → header (state, format, rank, token), overlay, JSON
//	h:<id>       list     timeline after that, an element for each commit
//	t            zset     timers: incident by due time in µs, or by the end of a lease
//	p            zset     live attempts: rank and id, by due time or by the end of a lease
//	o, d, e      zset     open incidents; resolved ones; resolved ones by their end
//	x:<digest>   hash     identity → incidents      (shard of integration and identity)
//	g:<digest>   hash     group → incident, member  (shard of integration and group)
//	c: ck: cn: ct: l:     codes and state of a phone (shard of the phone)
//	n:<digest>   string   proofs of completion      (shard of the key)
//	s            hash     series → number and token of its last value  (shard 0)
//	s:<name>:<n> string   format, token, value of a series             (shard 0)
//	intake       stream   intake log                (shard 0)
//	w            hash     process → until when it counts, what it announced  (shard 0)
//
// # Rules
//
// A script decides and applies changes, in a Cluster those of one shard, each whole or not at
// all, and is documented in scripts/. Scripts are sent in pipelines, and none is repeated blindly: each can tell by a
// token that it was run before, except touches, which are never repeated. The indexes by
// identity and group live in other shards; they are written before the commit, so that they may
// name too much but never miss a member. The state of a row that scripts change (token, due,
// counters) stands in a header of fixed places, so that no script parses JSON.
//
// A lease moves its entry on in the sorted set in which it was due: what is not finished comes
// due again by itself.
package redisstore
