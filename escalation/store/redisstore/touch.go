package redisstore

import (
	"cmp"
	"context"
	"fmt"

	"tocsin/escalation/store"
)

// Touch counts repeats, by one script, in a Cluster by one per shard. It is never sent twice: a
// repeat that is counted twice would not matter, but one whose answer was lost is the caller's to
// judge. With ?wait it waits as a commit does: the sender of a repeat may be one who was refused
// before, since no replica had the incident, and who must not be told now that it is safe. Without
// ?wait a touch that counts nothing is not sent: what was loaded is as safe as a commit makes it.
func (s *Store) Touch(ctx context.Context, touches []store.Touch) ([]bool, error) {
	out := make([]bool, len(touches))
	where := map[int][]int{} // group of shards → places in touches
	var calls []*call
	for i, t := range touches {
		shard, ok := s.shardOf(t.ID)
		if !ok || t.Revision == (store.Revision{}) || checkToken(t.Revision.Token) != nil {
			continue
		}
		if t.N == 0 && s.wait == 0 {
			out[i] = true
			continue
		}
		where[s.groupOf(shard)] = append(where[s.groupOf(shard)], i)
	}
	var places [][]int
	for shard, all := range where {
		for from := 0; from < len(all); from += chunk {
			part := all[from:min(from+chunk, len(all))]
			args := make([]any, 0, 4*len(part))
			for _, i := range part {
				t := touches[i]
				home, _ := s.shardOf(t.ID)
				args = append(args, base(home)+"i:"+string(t.ID), formatRevision(t.Revision), max(t.N, 0), digits(t.At))
			}
			c := s.script("touch", shard, args...)
			c.once = true
			calls, places = append(calls, c), append(places, part)
		}
	}
	_ = s.exec(ctx, calls, true) // each call has its own error
	for i, c := range calls {
		if err := cmp.Or(c.err, c.behind); err != nil {
			return nil, fmt.Errorf("redisstore: cannot count repeats: %w", err)
		}
		answers, _ := c.val.([]any)
		for k, place := range places[i] {
			if k < len(answers) {
				out[place] = answers[k] == int64(1)
			}
		}
	}
	return out, nil
}
