package engine

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
	"tocsin/routing"
)

// What a lane remembers stays bounded, whatever comes in, and its own count of it is right.
func TestKnownIsBounded(t *testing.T) {
	k := newKnown()
	for i := range 3 * knownLimit {
		n := strconv.Itoa(i)
		inc := &escalation.Incident{ID: paging.IncidentID(n), Key: routing.DedupKey(strconv.Itoa(i % (2 * knownLimit))), State: escalation.Triggered}
		member := escalation.MemberKey{Identity: n}
		k.remember(&group{folded: escalation.Result{Incident: inc, Members: map[escalation.MemberKey]escalation.Member{member: {Firing: true}}}}, store.Revision{})
		k.remember(&group{folded: escalation.Result{Incident: &escalation.Incident{ID: "1", Key: routing.DedupKey("none" + n), State: escalation.Triggered}}}, store.Revision{})
	}
	count := map[*facts]int{}
	for at := range k.members {
		count[at.facts]++
	}
	for _, f := range k.incidents {
		assert.Positive(t, f.members)
		assert.Equal(t, count[f], f.members)
	}
	assert.Len(t, k.members, knownLimit)
	assert.LessOrEqual(t, len(k.incidents), knownLimit)
}
