package sim

import "slices"

// Shrink takes events out of a script, and makes what is left simpler, while fails still says so.
// It asks at most budget times.
func Shrink(s Script, budget int, fails func(Script) bool) Script {
	try := func(smaller Script) bool {
		if budget <= 0 {
			return false
		}
		budget--
		if !fails(smaller) {
			return false
		}
		s = smaller
		return true
	}
	for size := max(len(s.Events)/2, 1); ; {
		removed := false
		for from := 0; from < len(s.Events); {
			less := s
			less.Events = slices.Delete(slices.Clone(s.Events), from, min(from+size, len(s.Events)))
			if try(less) {
				removed = true
				continue
			}
			from += size
		}
		switch {
		case size > 1:
			size /= 2
		case !removed:
			simplify(&s, try)
			return s
		}
	}
}

func simplify(s *Script, try func(Script) bool) {
	for p := range s.Skew {
		less := *s
		less.Skew = slices.Clone(s.Skew)
		less.Skew[p] = 0
		if s.Skew[p] != 0 {
			try(less)
		}
	}
	for len(s.Skew) > 1 {
		less := *s
		less.Skew = s.Skew[:len(s.Skew)-1]
		less.Events = slices.Clone(s.Events)
		for i := range less.Events {
			less.Events[i].Proc = min(less.Events[i].Proc, len(less.Skew)-1)
		}
		if !try(less) {
			break
		}
	}
	for i := range s.Events {
		for _, change := range []func(*Event){func(e *Event) { e.Twice = false }, func(e *Event) { e.Late = 0 }, func(e *Event) { e.Back = 0 }} {
			less := *s
			less.Events = slices.Clone(s.Events)
			change(&less.Events[i])
			if less.Events[i] != s.Events[i] {
				try(less)
			}
		}
	}
}
