package redisstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// manyIncidents is how many incidents of one identity are returned unseen. Of more, resolved
// ones are left out but the newest: what an alert has flapped through in months is of no use.
const manyIncidents = 16

// ended is a group's entry to remove once its member has ended.
type ended struct {
	shard       int
	group, name string
	read        *call
}

func (s *Store) identityKey(m escalation.MemberKey) (int, string) {
	shard := s.shardOfText("identity", m.Integration, m.Identity)
	return shard, base(shard) + "x:" + digest(m.Integration, m.Identity)
}

func (s *Store) groupKey(integration, group string) (shard int, prefix, name string) {
	shard = s.shardOfText("group", integration, group)
	return shard, base(shard) + "g:", digest(integration, group)
}

// reservations are the calls that write the index entries of several changes, by their key: the
// alerts of a body mostly are one group.
type reservations map[string]*call

func (r reservations) add(shard int, key, field, value string) *call {
	if r[key] == nil {
		r[key] = plain(shard, "hset", key)
	}
	r[key].args = append(r[key].args, field, value)
	return r[key]
}

// index adds the calls that keep the indexes for a member that j writes.
//
// The entry of a group has a value that is another one with each reservation. Who ends the
// member reads it before the commit, and afterwards removes the entry only if it still has
// that value: whoever lets the member fire again must have loaded the incident after that
// commit, and so has reserved after that read.
func (j *job) index(s *Store, m *escalation.Member, r reservations) {
	id := string(j.change.Incident.ID)
	shard, key := s.identityKey(m.MemberKey)
	j.reserve = append(j.reserve, r.add(shard, key, id, ""))
	if m.Group == "" {
		return
	}
	shard, prefix, name := s.groupKey(m.Integration, m.Group)
	field := id + "\x00" + m.Identity
	if m.Firing {
		j.reserve = append(j.reserve, r.add(shard, prefix+name, field, j.change.Token[:min(8, len(j.change.Token))]))
		return
	}
	j.ended = append(j.ended, &ended{shard: shard, group: name, name: field, read: plain(shard, "hget", prefix+name, field)})
}

func (s *Store) unreserve(e *ended) *call {
	value := text(e.read.val)
	if e.read.err != nil || value == "" {
		return nil
	}
	return s.script("unreserve", e.shard, e.group, e.name, value)
}

// FindIdentity returns, per identity, the incidents that hold or held that member: all that
// are open, and the newest that are not. With ?wait it waits as a commit does: who is told that
// there is nothing to end goes away for good, and a master that has died, come back without its
// last moments and not yet heard of its successor must not tell it.
func (s *Store) FindIdentity(ctx context.Context, members []escalation.MemberKey) (map[escalation.MemberKey][]paging.IncidentID, error) {
	calls := make([]*call, len(members))
	for i, m := range members {
		shard, key := s.identityKey(m)
		calls[i] = plain(shard, "hkeys", key)
	}
	_ = s.exec(ctx, calls, true) // each call has its own error
	for _, c := range calls {
		if err := cmp.Or(c.err, c.behind); err != nil {
			return nil, fmt.Errorf("redisstore: cannot find members: %w", err)
		}
	}
	out := make(map[escalation.MemberKey][]paging.IncidentID, len(members))
	for i, m := range members {
		ids := texts(calls[i].val)
		if len(ids) > manyIncidents {
			var err error
			if ids, err = s.worthLooking(ctx, ids); err != nil {
				return nil, err
			}
		}
		for _, id := range ids {
			out[m] = append(out[m], paging.IncidentID(id))
		}
	}
	return out, nil
}

// worthLooking leaves out old incidents that are resolved. One that is not there yet is kept:
// its commit may be on its way.
func (s *Store) worthLooking(ctx context.Context, ids []string) ([]string, error) {
	slices.SortFunc(ids, func(a, b string) int { return strings.Compare(b, a) }) // newest first
	old := ids[manyIncidents:]
	calls := make([]*call, 0, len(old))
	for _, id := range old {
		shard, ok := s.shardOf(paging.IncidentID(id))
		if !ok {
			continue
		}
		calls = append(calls, plain(shard, "getrange", base(shard)+"i:"+id, 0, 0))
	}
	if err := s.all(ctx, calls); err != nil {
		return nil, fmt.Errorf("redisstore: cannot find members: %w", err)
	}
	kept := slices.Clone(ids[:manyIncidents])
	for i, c := range calls {
		if text(c.val) != "0" {
			kept = append(kept, old[i])
		}
	}
	return kept, nil
}

// FindGroup returns the firing members of that group in open incidents that are not listed: it
// reads the rows that the index names, so that it is exact.
func (s *Store) FindGroup(ctx context.Context, integration, group string, listed map[string]bool) ([]store.Membership, error) {
	shard, prefix, name := s.groupKey(integration, group)
	val, err := s.run(ctx, plain(shard, "hkeys", prefix+name))
	if err != nil {
		return nil, fmt.Errorf("redisstore: cannot find a group: %w", err)
	}
	byIncident := map[string][]escalation.MemberKey{}
	for _, field := range texts(val) {
		id, identity, _ := strings.Cut(field, "\x00")
		if listed[identity] {
			continue
		}
		byIncident[id] = append(byIncident[id], escalation.MemberKey{Integration: integration, Identity: identity})
	}
	var calls []*call
	var ids []paging.IncidentID
	for id, keys := range byIncident {
		shard, ok := s.shardOf(paging.IncidentID(id))
		if !ok {
			continue
		}
		ids = append(ids, paging.IncidentID(id))
		args := []any{"hmget", base(shard) + "m:" + id}
		for _, key := range keys {
			args = append(args, memberField(key))
		}
		calls = append(calls, plain(shard, "get", base(shard)+"i:"+id), plain(shard, args...))
	}
	if err := s.all(ctx, calls); err != nil {
		return nil, fmt.Errorf("redisstore: cannot find a group: %w", err)
	}
	var out []store.Membership
	for i, id := range ids {
		row := text(calls[2*i].val)
		if !strings.HasPrefix(row, "1") {
			continue
		}
		members, err := membersNamed(row, byIncident[string(id)], texts(calls[2*i+1].val))
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			if m.Firing && m.Group == group {
				out = append(out, store.Membership{Member: m.MemberKey, Incident: id})
			}
		}
	}
	return out, nil
}
