package configs

import (
	"errors"
	"fmt"
	"strings"

	"tocsin/schedules"
)

// locate finds the part of a schedule that the compiler refuses, by compiling each
// part alone: its errors know no line.
func (r *reader) locate(item node, spec schedules.Spec, places parts, whole error) {
	found := false
	try := func(at node, alone schedules.Spec) {
		if _, err := schedules.Compile(alone); err != nil {
			found = true
			r.refuse(at, spec.Name, err)
		}
	}
	alone := spec
	alone.Away, alone.Overrides = nil, nil
	for i, layer := range spec.Layers {
		alone.Layers = []schedules.Layer{layer}
		if of := layer.Rotation.Of; of != "" {
			alone.Layers = []schedules.Layer{spec.Layers[layerNamed(spec.Layers, of)]}
			if _, err := schedules.Compile(alone); err != nil {
				continue // told of at that layer
			}
			alone.Layers = append(alone.Layers, layer)
		}
		try(places.layers[i], alone)
	}
	if alone.Layers = spec.Layers; !found {
		for i, away := range spec.Away {
			alone.Away = []schedules.Away{away}
			try(places.away[i], alone)
		}
	}
	if alone.Away = nil; !found {
		for i, override := range spec.Overrides {
			alone.Overrides = []schedules.Override{override}
			try(places.overrides[i], alone)
		}
	}
	if !found {
		r.refuse(item, spec.Name, whole)
	}
}

// refuse notes each of the errors that were joined, without the place in words, which
// the problem has in numbers.
func (r *reader) refuse(n node, schedule string, err error) {
	var joined interface{ Unwrap() []error }
	faults := []error{err}
	if errors.As(err, &joined) {
		faults = joined.Unwrap()
	}
	for _, fault := range faults {
		text := strings.TrimPrefix(fault.Error(), fmt.Sprintf("schedule %q", schedule))
		if inner := errors.Unwrap(fault); inner != nil {
			text = inner.Error()
		}
		r.fail(n, "%s", text)
	}
}
