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
		k.remember(&group{folded: escalation.Result{Incident: inc, Members: map[escalation.MemberKey]escalation.Member{member: {}}}}, store.Revision{})
		k.remember(&group{folded: escalation.Result{Incident: &escalation.Incident{ID: "1", Key: routing.DedupKey("none" + n), State: escalation.Triggered}}}, store.Revision{})
	}
	count := 0
	for _, f := range k.incidents {
		assert.NotEmpty(t, f.members)
		count += len(f.members)
	}
	assert.Equal(t, knownLimit, k.members)
	assert.Equal(t, count, k.members)
}
