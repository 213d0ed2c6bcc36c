package edit

import "slices"

// pair is two values that are being compared: an alias may contain itself.
type pair struct{ a, b *value }

// same compares what two documents say; with ordered the order of keys counts.
func same(a, b *value, ordered bool) bool {
	return equal(a, b, ordered, map[pair]bool{})
}

func equal(a, b *value, ordered bool, seen map[pair]bool) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.kind != b.kind || a.tag != b.tag || len(a.items) != len(b.items) {
		return false
	}
	if a.kind == single {
		return a.text == b.text || a.null()
	}
	if seen[pair{a, b}] {
		return true
	}
	seen[pair{a, b}] = true
	if a.kind == list {
		return slices.EqualFunc(a.items, b.items, func(x, y *value) bool { return equal(x, y, ordered, seen) })
	}
	for i, k := range a.keys {
		j := i
		if !ordered {
			j = b.key(k.text)
		}
		if j < 0 || b.keys[j].text != k.text || b.keys[j].tag != k.tag || !equal(a.items[i], b.items[j], ordered, seen) {
			return false
		}
	}
	return true
}
