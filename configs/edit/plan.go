package edit

import "slices"

// plan turns a set over a value that is there into the changes that it comes to, so that
// what stays the same keeps its comments. Additions come before removals: a collection
// that is empty in between would lose its form.
func plan(root *value, c change) []change {
	old := root
	for _, s := range c.path {
		i := old.child(s)
		if i < 0 {
			return []change{c}
		}
		old = old.items[i]
	}
	return differences(old, c.v, c.path)
}

func differences(old, v *value, path []step) []change {
	switch {
	case same(old, v, false):
		return nil
	case old.kind != v.kind, old.kind == single, old.tag != v.tag, len(old.items) == 0, len(v.items) == 0:
		return []change{{verb: setValue, path: path, v: v}}
	case old.kind == mapping:
		return keyDifferences(old, v, path)
	}
	return itemDifferences(old, v, path)
}

func under(path []step, s step) []step { return append(slices.Clone(path), s) }

func keyDifferences(old, v *value, path []step) (changes []change) {
	for i, k := range v.keys {
		at := under(path, step{name: k.text, index: -1})
		if j := old.key(k.text); j >= 0 {
			changes = append(changes, differences(old.items[j], v.items[i], at)...)
		} else {
			changes = append(changes, change{verb: setValue, path: at, v: v.items[i]})
		}
	}
	for _, k := range old.keys {
		if v.key(k.text) < 0 {
			changes = append(changes, change{verb: removeEntry, path: under(path, step{name: k.text, index: -1})})
		}
	}
	return changes
}

// itemDifferences keeps the items that both lists have in the same order. The numbers of
// items are those at the time of each change: what goes is counted until the end.
func itemDifferences(old, v *value, path []step) (changes []change) {
	const most = 1000 // the table is quadratic
	if len(old.items) > most || len(v.items) > most {
		return []change{{verb: setValue, path: path, v: v}}
	}
	var gone []change
	i, j, at := 0, 0, 0
	itemAt := func() []step { return under(path, step{index: at}) }
	drop := func() {
		gone = append(gone, change{verb: removeEntry, path: itemAt()})
		i, at = i+1, at+1
	}
	add := func() {
		changes = append(changes, change{verb: insertItem, path: path, at: at, v: v.items[j]})
		j, at = j+1, at+1
	}
	for _, next := range append(commonItems(old.items, v.items), [2]int{len(old.items), len(v.items)}) {
		for i < next[0] || j < next[1] {
			switch {
			case i == next[0]:
				add()
			case j == next[1]:
				drop()
			case replaceable(old.items[i], v.items[j]):
				changes = append(changes, differences(old.items[i], v.items[j], itemAt())...)
				i, j, at = i+1, j+1, at+1
			default:
				add()
				drop()
			}
		}
		if i < len(old.items) {
			changes = append(changes, differences(old.items[i], v.items[j], itemAt())...)
			i, j, at = i+1, j+1, at+1
		}
	}
	slices.Reverse(gone) // from the end, so that the numbers stay true
	return append(changes, gone...)
}

// replaceable says whether one item may take the place, and the comments, of another.
// What has a name of its own is another thing.
func replaceable(a, b *value) bool {
	if a.kind == single || a.kind != b.kind {
		return a.kind == b.kind
	}
	_, named := a.name()
	_, too := b.name()
	return !named && !too
}

// commonItems are the pairs of numbers of items that are kept: the longest run of those
// of the same name, or the same altogether.
func commonItems(old, items []*value) (pairs [][2]int) {
	alike := func(a, b *value) bool {
		x, named := a.name()
		y, too := b.name()
		if a.kind == mapping && b.kind == mapping && named && too {
			return x == y
		}
		return same(a, b, false)
	}
	longest := make([][]int, len(old)+1)
	for i := range longest {
		longest[i] = make([]int, len(items)+1)
	}
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(items) - 1; j >= 0; j-- {
			longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			if alike(old[i], items[j]) {
				longest[i][j] = max(longest[i][j], longest[i+1][j+1]+1)
			}
		}
	}
	for i, j := 0, 0; i < len(old) && j < len(items); {
		switch {
		case alike(old[i], items[j]) && longest[i][j] == longest[i+1][j+1]+1:
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		case longest[i+1][j] >= longest[i][j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}
