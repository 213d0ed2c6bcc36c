package watch

import (
	"slices"
	"strings"
	"time"
)

// Claim is how a process stands to its slot.
type Claim string

// The claims.
const (
	None   Claim = ""
	Wanted Claim = "wanted" // asked for; not its own yet
	Held   Claim = "held"
)

// claim judges the claim of p by what all others said. A claim that is wanted was announced
// before they were heard.
func (p *Peer) claim(others []Peer, now time.Time) {
	if p.Claim == Wanted {
		if rivals := p.rivals(others, now); len(rivals) > 0 {
			p.Slot = p.free(others, now, rivals)
		} else {
			p.Claim, p.Since = Held, now
		}
		return
	}
	if !p.settled(others, now) {
		p.Claim, p.Since = Wanted, time.Time{}
		p.Slot = p.free(others, now, nil)
	}
}

// settled says whether p holds a slot, and nobody has held it for longer.
func (p *Peer) settled(others []Peer, now time.Time) bool {
	return p.Claim == Held && !p.beaten(others, now)
}

// rivals are those that claim the same slot, whatever their claim.
func (p *Peer) rivals(others []Peer, now time.Time) (rivals []Peer) {
	for _, o := range others {
		if p.heeds(o, now) && o.Slot == p.Slot {
			rivals = append(rivals, o)
		}
	}
	return rivals
}

// beaten says whether another process holds the slot of p, and has for longer. That happens
// only when the store has lost what was announced.
func (p *Peer) beaten(others []Peer, now time.Time) bool {
	return slices.ContainsFunc(p.rivals(others, now), func(o Peer) bool {
		if o.Claim != Held {
			return false
		}
		if c := o.Since.Compare(p.Since); c != 0 {
			return c < 0
		}
		return strings.Compare(o.ID, p.ID) < 0
	})
}

// heeds says whether the claim of o counts for p. That of a process that is gone does, unless
// p came up in its place: at one address of one host there is only one.
func (p *Peer) heeds(o Peer, now time.Time) bool {
	successor := p.URL != "" && p.Host != "" && o.URL == p.URL && o.Host == p.Host && !o.Alive(now)
	return o.Claim != None && !successor
}

// free returns the slot that p asks for next: the smallest that nobody claims, or, when p and
// its rivals have just asked for the same one, one further for each of them with a lower id,
// so that they part.
func (p *Peer) free(others []Peer, now time.Time, rivals []Peer) int {
	skip, held := 0, false
	for _, r := range rivals {
		if strings.Compare(r.ID, p.ID) < 0 {
			skip++
		}
		held = held || r.Claim == Held
	}
	taken := map[int]bool{}
	for _, o := range others {
		if p.heeds(o, now) && (held || len(rivals) == 0 || o.Slot != p.Slot) {
			taken[o.Slot] = true
		}
	}
	for slot := 0; ; slot++ {
		if taken[slot] {
			continue
		}
		if skip == 0 {
			return slot
		}
		skip--
	}
}
