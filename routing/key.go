package routing

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"time"
)

// GroupByAll stands, alone in a group_by, for every label of the alert except the severities.
const GroupByAll = "..."

// grouping is a prepared group_by.
type grouping struct {
	all   bool
	names []string // sorted
	// own holds the names that only some alerts have. `group_by: [alertname, severity]`
	// must not join every P0 alert that has no alertname, so that the labels which all
	// alerts have do not count as carried, unless the group_by names nothing else.
	own []string
}

func newGrouping(groupBy []string) grouping {
	if len(groupBy) == 1 && groupBy[0] == GroupByAll {
		return grouping{all: true}
	}
	g := grouping{names: slices.Sorted(slices.Values(groupBy))}
	for _, name := range g.names {
		if !isVirtual(name) {
			g.own = append(g.own, name)
		}
	}
	if len(g.own) == 0 {
		g.own = g.names
	}
	return g
}

// What a key is made of. The kind is part of the key, so that a group can never equal
// an identity.
const (
	keyLabels   = "labels"
	keyGroup    = "group"
	keyIdentity = "identity"
	keyContent  = "content"
)

// keyOf computes the dedup key of an alert at a policy: the group_by labels when the
// alert carries one of them, else the group of its source, else its identity. An alert
// that has none of these is only joined with exact copies of itself.
func keyOf(policy string, g grouping, a *Alert, v *view) DedupKey {
	var room [512]byte
	e := encoder(room[:0])
	e.text("v1")
	e.text(policy)
	switch {
	case g.all && e.allLabels(v.labels):
	case !g.all && e.labels(g, v):
	case a.Group != "":
		e.text(keyGroup)
		e.text(a.Integration)
		e.text(a.Group)
	case a.Identity != "":
		e.text(keyIdentity)
		e.text(a.Integration)
		e.text(a.Identity)
	default:
		e.content(a)
	}
	sum := sha256.Sum256(e)
	var digits [32]byte
	hex.Encode(digits[:], sum[:16])
	return DedupKey(digits[:])
}

// encoder writes texts with their lengths before them, so that no two lists of texts
// have the same bytes.
type encoder []byte

func (e *encoder) text(s string) {
	*e = append(binary.AppendUvarint(*e, uint64(len(s))), s...)
}

// labels writes the group_by labels, or nothing when the alert carries none of them.
// An empty value is the same as no label, as everywhere in Prometheus.
func (e *encoder) labels(g grouping, v *view) bool {
	if !slices.ContainsFunc(g.own, func(name string) bool { return v.get(name) != "" }) {
		return false
	}
	e.text(keyLabels)
	for _, name := range g.names {
		if value := v.get(name); value != "" {
			e.text(name)
			e.text(value)
		}
	}
	return true
}

// allLabels writes the alert's own labels, or nothing when it has none.
func (e *encoder) allLabels(labels map[string]string) bool {
	var room [32]string
	names := ownLabels(labels, room[:0])
	if len(names) == 0 {
		return false
	}
	e.text(keyLabels)
	e.pairs(names, labels)
	return true
}

// ownLabels appends the names of the labels that have a value, sorted. The severities
// stay out: a trouble that becomes worse is still the same trouble.
func ownLabels(labels map[string]string, names []string) []string {
	for name, value := range labels {
		if value != "" && name != LabelSeverity && name != LabelSeverityWord {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (e *encoder) pairs(names []string, labels map[string]string) {
	for _, name := range names {
		e.text(name)
		e.text(labels[name])
	}
}

// content writes everything that tells one alert from another. Status and end stay out,
// so that a resolve meets its firing.
func (e *encoder) content(a *Alert) {
	e.text(keyContent)
	e.text(a.Integration)
	e.text(a.Source)
	e.text(a.Title)
	e.text(a.Description)
	e.text(a.StartsAt.UTC().Format(time.RFC3339Nano))
	names := ownLabels(a.Labels, nil)
	*e = binary.AppendUvarint(*e, uint64(len(names))) // where the labels end and the links begin
	e.pairs(names, a.Labels)
	for _, link := range a.Links {
		e.text(link.Text)
		e.text(link.URL)
	}
}
