package schedules

import "slices"

// person is the number of a user in the schedule, nobody that of none.
type person = int32

const nobody person = -1

// kind is what an effect does. In this order kinds are applied.
type kind uint8

const (
	kindAbsent  kind = iota // another description of the layer holds
	kindOff                 // the layer does not exist: before its first hand-off, or not effective
	kindFixed               // the people of a fixed shift serve
	kindAway                // people are off
	kindReplace             // pairs: whom, by whom
	kindAll                 // one person instead of everybody
	kindAdd                 // one person as well
	kindOnly                // nothing else counts but …
	kindShift               // … the people of its shifts
)

// effect is something that changes who serves on a line, from one instant up to another.
type effect struct {
	kind     kind
	source   source
	from, to int64
	people   []person // of kindReplace: whom, by whom (nobody: by none)
	override int32    // number of the override
	by       int32    // number of its ID; -1 if it has none
	layer    int32    // that its people serve; -1 if none is named
}

// situation is what the active effects amount to, before anybody's turn is considered.
type situation struct {
	absent, off bool
	fixed, away []person
	changes     []effect // of those who serve in turn or at fixed times, in order
	adds        []entry  // who serve as well, whatever the changes say; each once
	only        int32    // number of the override that hides everything, or -1
	shift       []entry
}

func situate(effects []effect, active []int32) situation {
	s := situation{only: -1}
	for _, i := range active {
		if e := &effects[i]; e.kind == kindOnly {
			s.only = e.override // the last one
		}
	}
	for _, i := range active {
		switch e := effects[i]; e.kind {
		case kindAbsent:
			s.absent = true
		case kindOff:
			s.off = true
		case kindFixed:
			s.fixed = join(s.fixed, e.people...)
		case kindAway:
			s.away = append(s.away, e.people...)
		case kindShift:
			if e.override == s.only {
				for _, p := range e.people {
					s.shift = enter(s.shift, &entry{user: p, by: e.by, layer: e.layer, source: sourceOnly})
				}
			}
		case kindReplace:
			if n := len(s.changes); n > 0 && s.changes[n-1].override == e.override { // both sides of a swap: at once
				s.changes[n-1].people = slices.Concat(s.changes[n-1].people, e.people)
			} else {
				s.changes = append(s.changes, e)
			}
		case kindAll:
			s.changes = append(s.changes, e)
		case kindAdd:
			s.adds = enter(s.adds, &entry{user: e.people[0], by: e.by, layer: e.layer, source: e.source})
		}
	}
	return s
}

// apply returns who serves of entries under a change on a layer; entries stay as they are.
func (e *effect) apply(entries []entry, layer int32) []entry {
	by := entry{layer: layer, by: e.by, source: e.source}
	if e.kind == kindAll {
		by.user = e.people[0]
		return []entry{by}
	}
	var out []entry
	for _, x := range entries {
		for i := 0; i < len(e.people); i += 2 {
			if x.user == e.people[i] {
				by.user = e.people[i+1]
				x = by
				break
			}
		}
		if x.user != nobody {
			out = enter(out, &x)
		}
	}
	return out
}

// join appends those who are not yet in the list.
func join[T comparable](list []T, items ...T) []T {
	for _, x := range items {
		if !slices.Contains(list, x) {
			list = append(list, x)
		}
	}
	return list
}

// enter appends an entry whose user has none yet.
func enter(list []entry, x *entry) []entry {
	for i := range list {
		if list[i].user == x.user {
			return list
		}
	}
	return append(list, *x)
}
