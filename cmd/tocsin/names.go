package main

import (
	"maps"
	"slices"
	"strings"
)

// known lists names for a message about one that does not exist.
func known[T any](what string, named map[string]T) string {
	names := slices.Sorted(maps.Keys(named))
	const few = 12
	switch {
	case len(names) == 0:
		return "the configuration has no " + what
	case len(names) > few:
		return "there are " + strings.Join(names[:few], ", ") + ", …"
	default:
		return "there are " + strings.Join(names, ", ")
	}
}

// joined lists people, or says that there are none.
func joined[T ~string](names []T) string {
	if len(names) == 0 {
		return "nobody"
	}
	words := make([]string, len(names))
	for i, n := range names {
		words[i] = string(n)
	}
	return strings.Join(words, ", ")
}
