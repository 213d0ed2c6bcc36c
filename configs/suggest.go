package configs

import (
	"slices"
	"strconv"
	"strings"
)

// suggestion completes a message about an unknown name: the nearest known one when it is
// near, else the list of all when it is short.
func suggestion(got string, known []string) string {
	if best := didYouMean(got, known); best != "" {
		return best
	}
	const few = 16
	switch {
	case len(known) == 0:
		return "; none is defined"
	case len(known) <= few:
		return "; known are " + strings.Join(known, ", ")
	}
	return ""
}

// didYouMean names the nearest known word when it is near.
func didYouMean(got string, known []string) string {
	if best := nearest(got, known); best != "" {
		return "; did you mean " + strconv.Quote(best) + "?"
	}
	return ""
}

// nearest is the known word with the fewest changes from got, or "" when none is near.
func nearest(got string, known []string) string {
	const longest = 64 // the distance is quadratic; what is longer is no typing error
	const shortest = 3 // P9 is as near to P0 as to P1
	best, least := "", max(1, len(got)/3)+1
	if len(got) > longest || len(got) < shortest {
		return ""
	}
	for _, k := range known {
		if len(k) > longest || k == got {
			continue
		}
		if d := distance(strings.ToLower(got), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance counts the letters to insert, remove, replace or swap with their neighbour
// (optimal string alignment).
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	var before []int
	last := make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row := make([]int, len(t)+1)
		row[0] = i
		for j := 1; j <= len(t); j++ {
			change := 1
			if s[i-1] == t[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(t)]
}

// sortedUnique is for lists of known names in messages.
func sortedUnique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
