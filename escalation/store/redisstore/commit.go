package redisstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tocsin/escalation/store"
)

// perScript is how many changes one script applies: Redis does nothing else meanwhile.
const perScript = 32

// job is one change on its way.
type job struct {
	change  *store.Change
	result  *store.Committed
	shard   int
	args    []any   // of commit.lua
	reserve []*call // index entries, written before the commit
	ended   []*ended
	commit  *call // with other changes
	place   int   // among them
	alone   bool  // is sent by itself
	applied bool  // by this very call, not by an earlier one whose answer was lost
}

// Commit applies changes, several by one script, in pipelines. What is indexed is
// written before; on a single server the order within the pipeline sees to that. A change whose
// answer was lost is sent once more with its token, which tells whether it was applied; and so is
// each by itself when a script failed.
func (s *Store) Commit(ctx context.Context, changes []store.Change) ([]store.Committed, error) {
	out := make([]store.Committed, len(changes))
	for from := 0; from < len(changes); from += chunk {
		jobs, r := make([]*job, 0, chunk), reservations{}
		for i := from; i < min(from+chunk, len(changes)); i++ {
			j, err := s.newJob(&changes[i], &out[i], r)
			if err != nil {
				out[i].Err = err
				continue
			}
			jobs = append(jobs, j)
		}
		s.commitChunk(ctx, jobs)
	}
	return out, hitAll(out)
}

func (s *Store) commitChunk(ctx context.Context, jobs []*job) {
	s.apply(ctx, jobs)
	together := map[*call]int{}
	for _, j := range jobs {
		together[j.commit]++
	}
	var again []*job
	for _, j := range jobs {
		lost := unsure(j.commit.err)
		if lost || j.commit.err != nil && together[j.commit] > 1 {
			j.alone = !lost
			again = append(again, j)
		}
	}
	if len(again) > 0 && ctx.Err() == nil {
		s.apply(ctx, again)
	}
	var over []*call
	for _, j := range jobs {
		j.settle()
		if !j.applied { // what was read of the indexes may be younger than the commit
			continue
		}
		for _, e := range j.ended {
			if c := s.unreserve(e); c != nil {
				over = append(over, c)
			}
		}
	}
	_ = s.exec(ctx, over, false) // what stays in an index is only looked at in vain
}

// apply sends the reservations and the commits of jobs.
func (s *Store) apply(ctx context.Context, jobs []*job) {
	var calls []*call
	sent := map[*call]bool{}
	for _, j := range jobs {
		for _, c := range j.reserve {
			if !sent[c] {
				sent[c] = true
				calls = append(calls, c)
			}
		}
		for _, e := range j.ended {
			calls = append(calls, e.read)
		}
	}
	if s.cluster {
		_ = s.exec(ctx, calls, true) // each call has its own error
		calls, jobs = nil, slices.DeleteFunc(slices.Clone(jobs), func(j *job) bool {
			j.commit = &call{err: j.reserved()}
			return j.commit.err != nil
		})
	}
	_ = s.exec(ctx, append(calls, s.commits(jobs)...), true)
}

// commits makes the calls that commit jobs.
func (s *Store) commits(jobs []*job) []*call {
	var calls []*call
	open := map[int]*call{} // shard → call that takes more
	size := map[*call]int{}
	for _, j := range jobs {
		shard := s.groupOf(j.shard)
		c := open[shard]
		if c == nil || j.alone || size[c] == perScript {
			c = s.script("commit", shard)
			calls = append(calls, c)
			if !j.alone {
				open[shard] = c
			}
		}
		j.commit, j.place = c, size[c]
		c.args = append(append(c.args, base(j.shard)), j.args...)
		size[c]++
	}
	return calls
}

// reserved returns the error of the first reservation that failed.
func (j *job) reserved() error {
	for _, c := range j.reserve {
		if err := errors.Join(c.err, c.behind); err != nil {
			return fmt.Errorf("redisstore: cannot reserve index entries: %w", err)
		}
	}
	return nil
}

// settle reads what became of the commit.
func (j *job) settle() {
	r, c := j.result, j.commit
	if c.err != nil {
		r.Err = fmt.Errorf("redisstore: cannot commit incident %s: %w", j.change.Incident.ID, c.err)
		return
	}
	answers := texts(c.val)
	if j.place >= len(answers) {
		r.Err = fmt.Errorf("redisstore: commit.lua answered %d changes, not all of them", len(answers))
		return
	}
	answer, rev, _ := strings.Cut(answers[j.place], " ")
	switch answer {
	case "ok":
		r.Revision = store.Revision{Counter: j.change.Expected.Counter + 1, Token: j.change.Token}
		if j.applied = rev == ""; !j.applied {
			r.Revision, r.Err = parseRevision(rev)
		}
	case "conflict":
		r.Err = store.ErrConflict
	case "fenced":
		r.Err = store.ErrFenced
	case "newer":
		r.Err = store.ErrNewer
	default:
		r.Err = fmt.Errorf("redisstore: commit.lua answered %q", answer)
	}
	// Applied, but not as it was promised: the same change, committed again, settles it.
	if r.Err == nil {
		r.Err = j.reserved()
	}
	if r.Err == nil {
		r.Err = c.behind
	}
}

// hitAll returns the first trouble when every change had some, so that none is known to be applied.
func hitAll(out []store.Committed) error {
	for i := range out {
		if err := out[i].Err; err == nil || isVerdict(err) {
			return nil
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out[0].Err
}
