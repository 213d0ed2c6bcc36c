package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tocsin/escalation/store"
)

// job is one change on its way.
type job struct {
	change  *store.Change
	result  *store.Committed
	reserve []*call // index entries, written before the commit
	ended   []*ended
	commit  *call
	applied bool // by this very call, not by an earlier one whose answer was lost
}

// Commit applies changes, each by one script, in pipelines. What is indexed is written before;
// on a single server the order within the pipeline sees to that. A change whose answer was
// lost is sent once more with its token, which tells whether it was applied.
func (s *Store) Commit(ctx context.Context, changes []store.Change) ([]store.Committed, error) {
	out := make([]store.Committed, len(changes))
	jobs := make([]*job, 0, len(changes))
	for i := range changes {
		j, err := s.newJob(&changes[i], &out[i])
		if err != nil {
			out[i].Err = err
			continue
		}
		jobs = append(jobs, j)
	}
	for from := 0; from < len(jobs); from += chunk {
		s.commitChunk(ctx, jobs[from:min(from+chunk, len(jobs))])
	}
	return out, hitAll(out)
}

func (s *Store) commitChunk(ctx context.Context, jobs []*job) {
	s.apply(ctx, jobs)
	var again []*job
	for _, j := range jobs {
		if unsure(j.commit.err) {
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
	var reserve, commits []*call
	for _, j := range jobs {
		reserve = append(reserve, j.reserve...)
		for _, e := range j.ended {
			reserve = append(reserve, e.read)
		}
		commits = append(commits, j.commit)
	}
	if !s.cluster {
		_ = s.exec(ctx, append(reserve, commits...), true) // each call has its own error
		return
	}
	_ = s.exec(ctx, reserve, true)
	commits = commits[:0]
	for _, j := range jobs {
		if j.commit.err = j.reserved(); j.commit.err == nil {
			commits = append(commits, j.commit)
		}
	}
	_ = s.exec(ctx, commits, true)
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
	answer, rev, _ := strings.Cut(text(c.val), " ")
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
