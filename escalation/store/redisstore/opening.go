package redisstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// What an incident opens with (its first members and entries) stands in its own row, behind
// itself, unless it is much: a key costs Redis more than what most incidents open with. It is
// never changed, only carried on by commit.lua. A member that was written again is in m:, and
// that one counts; later entries are in h:.

const (
	// openingMark begins what follows the header of a row that has room for an opening. To versions
	// that know none it is a form of values that is newer than they are: they leave it alone.
	openingMark = '\x1e'
	// lengthDigits are how many digits follow it: how long the incident is.
	lengthDigits = 8
	// muchOpening is from which size on an opening goes where later members and entries go, so
	// that it is not copied by every commit.
	muchOpening = 2 << 10
)

// opening returns what stands in the row of an incident that c creates; nil when that is
// nothing.
func opening(c *store.Change) ([]byte, error) {
	if c.Expected != (store.Revision{}) || len(c.Members)+len(c.Entries) == 0 {
		return nil, nil
	}
	b, err := store.EncodeOpening(store.Opening{Members: c.Members, Entries: c.Entries})
	if len(b) > muchOpening {
		return nil, err
	}
	return b, err
}

// cutRow takes the value of i:<id> apart: header, incident, opening.
func cutRow(row string) (head, body, open string, err error) {
	damaged := func(what string) error { return fmt.Errorf("redisstore: the row of an incident has no %s", what) }
	end := strings.IndexByte(row, '\n')
	if end < atRev {
		return "", "", "", damaged("header")
	}
	head, body = row[:end], row[end+1:]
	if body == "" || body[0] != openingMark {
		return head, body, "", nil // an earlier version wrote it
	}
	if len(body) <= lengthDigits {
		return "", "", "", damaged("length")
	}
	n, err := strconv.Atoi(body[1 : 1+lengthDigits])
	if body = body[1+lengthDigits:]; err != nil || n < 0 || n > len(body) {
		return "", "", "", damaged("length")
	}
	return head, body[:n], body[n:], nil
}

// parseOpening reads the opening of a row.
func parseOpening(row string) (store.Opening, error) {
	_, _, open, err := cutRow(row)
	if err != nil || open == "" {
		return store.Opening{}, err
	}
	return store.DecodeOpening([]byte(open))
}

// membersIn returns the members of an incident, in no order: those of its opening unless they
// were written again, and those of m:.
func membersIn(row string, written []string) ([]escalation.Member, error) {
	members, err := decodeAll(written, func(row string) (escalation.Member, error) { return store.DecodeMember([]byte(row)) })
	if err != nil || row == "" {
		return members, err
	}
	open, err := parseOpening(row)
	if err != nil {
		return nil, err
	}
	again := map[escalation.MemberKey]bool{}
	for i := range members {
		again[members[i].MemberKey] = true
	}
	for _, m := range open.Members {
		if !again[m.MemberKey] {
			members = append(members, m)
		}
	}
	return members, nil
}

// membersNamed returns those of the keys that an incident has; written are their rows in m:.
func membersNamed(row string, keys []escalation.MemberKey, written []string) ([]escalation.Member, error) {
	var out []escalation.Member
	first := map[escalation.MemberKey]bool{} // asked of the opening
	for i, key := range keys {
		if i >= len(written) || written[i] == "" {
			first[key] = true
			continue
		}
		m, err := store.DecodeMember([]byte(written[i]))
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	if len(first) == 0 {
		return out, nil
	}
	open, err := parseOpening(row)
	if err != nil {
		return nil, err
	}
	for _, m := range open.Members {
		if first[m.MemberKey] {
			out = append(out, m)
		}
	}
	return out, nil
}

// withRow reads the row of an incident and then, by one command, what stands beside it; an unknown
// incident has neither.
func (s *Store) withRow(ctx context.Context, id paging.IncidentID, kind, name string, args ...any) (row string, beside []string, err error) {
	shard, ok := s.shardOf(id)
	if !ok {
		return "", nil, nil
	}
	calls := []*call{
		plain(shard, "get", base(shard)+"i:"+string(id)),
		plain(shard, append([]any{name, base(shard) + kind + ":" + string(id)}, args...)...),
	}
	if err := s.all(ctx, calls); err != nil {
		return "", nil, fmt.Errorf("redisstore: cannot read incident %s: %w", id, err)
	}
	return text(calls[0].val), texts(calls[1].val), nil
}
