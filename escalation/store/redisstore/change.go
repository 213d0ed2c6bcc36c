package redisstore

import (
	"errors"
	"fmt"

	"tocsin/escalation"
	"tocsin/escalation/store"
)

// isVerdict tells an answer about one change from trouble.
func isVerdict(err error) bool {
	return errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrFenced) || errors.Is(err, store.ErrNewer)
}

// newJob makes what a change sends. Index entries go into the calls of r.
func (s *Store) newJob(c *store.Change, result *store.Committed, r reservations) (*job, error) {
	if c.Incident == nil {
		return nil, fmt.Errorf("redisstore: a change needs its incident")
	}
	shard, ok := s.shardOf(c.Incident.ID)
	if !ok || shard != store.Shard(c.Incident.Key, s.shards) {
		return nil, fmt.Errorf("redisstore: incident %q is not of the shard of its key; make ids with store.NewID and the store's shards", c.Incident.ID)
	}
	if c.Token == "" {
		return nil, fmt.Errorf("redisstore: the change of incident %s has no token", c.Incident.ID)
	}
	if err := errors.Join(checkToken(c.Token), checkToken(c.Expected.Token)); err != nil {
		return nil, err
	}
	args, err := s.changeArgs(c)
	if err != nil {
		return nil, err
	}
	j := &job{change: c, result: result, shard: shard, args: args}
	for i := range c.Members {
		j.index(s, &c.Members[i], r)
	}
	return j, nil
}

// changeArgs are the arguments of commit.lua for one change.
func (s *Store) changeArgs(c *store.Change) ([]any, error) {
	inc := c.Incident
	body, err := store.EncodeIncident(inc)
	if err != nil {
		return nil, err
	}
	open, end, due := "1", "", ""
	if !inc.Open() {
		open, end = "0", "0"
		if inc.Ending != nil {
			end = score(inc.Ending.At)
		}
	}
	if !c.Due.IsZero() {
		due = score(c.Due)
	}
	first, err := opening(c)
	if err != nil {
		return nil, err
	}
	members, entries := c.Members, c.Entries
	if first != nil {
		members, entries = nil, nil
	}
	rev := formatRevision(store.Revision{Counter: c.Expected.Counter + 1, Token: c.Token})
	args := make([]any, 0, 18+2*len(members)+6*len(c.Attempts)+2*len(c.Cancel))
	args = append(args, 0, string(inc.ID), string(inc.Key), formatRevision(c.Expected), c.Token, open, format(inc.Format),
		max(c.Seen.N, 0), digits(c.Seen.At), due, end, incidentRow(c, open, rev, body, first))
	if args, err = memberArgs(args, members); err != nil {
		return nil, err
	}
	if args, err = putArgs(args, c); err != nil {
		return nil, err
	}
	args = append(args, len(c.Cancel))
	for _, cancel := range c.Cancel {
		over, err := store.Encode(overCancel{Reason: cancel.Reason})
		if err != nil {
			return nil, err
		}
		args = append(args, string(cancel.ID), over)
	}
	args = append(args, min(len(entries), 1))
	if len(entries) > 0 {
		row, err := store.EncodeEntries(entries) // those of one commit are one element: they repeat each other
		if err != nil {
			return nil, err
		}
		args = append(args, row)
	}
	args[0] = len(args) - 1
	return args, nil
}

func memberArgs(args []any, members []escalation.Member) ([]any, error) {
	args = append(args, len(members))
	for _, m := range members {
		row, err := store.EncodeMember(m)
		if err != nil {
			return nil, err
		}
		args = append(args, memberField(m.MemberKey), row)
	}
	return args, nil
}

func putArgs(args []any, c *store.Change) ([]any, error) {
	args = append(args, len(c.Attempts))
	for i := range c.Attempts {
		a := &c.Attempts[i].Attempt
		if a.ID.Incident() != c.Incident.ID {
			return nil, fmt.Errorf("redisstore: attempt %q does not belong to incident %s", a.ID, c.Incident.ID)
		}
		row, err := attemptRow(a)
		if err != nil {
			return nil, err
		}
		args = append(args, string(a.ID), letter(a.State), attemptMember(a), c.Attempts[i].Fence, score(a.Due), row)
	}
	return args, nil
}
