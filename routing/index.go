package routing

// index finds, among siblings, those that an alert can match, in their order. A sibling
// that demands a label to have a value (or one of a few) is filed under its rarest such
// demand; all others are in rest and are tried one after the other. The caller still
// tests every candidate in full, so the index only ever saves work.
type index struct {
	names  []string // labels that something is filed under
	byName map[string]map[string][]int32
	rest   []int32
}

type demand struct{ name, value string }

func newIndex(siblings []conditions) *index {
	crowd := map[demand]int{}
	for _, cs := range siblings {
		for i := range cs {
			for _, value := range cs[i].keys() {
				crowd[demand{cs[i].name, value}]++
			}
		}
	}
	ix := &index{byName: map[string]map[string][]int32{}}
	for i, cs := range siblings {
		ix.file(int32(i), rarest(cs, crowd))
	}
	return ix
}

// rarest picks the condition that shares its values with the fewest siblings, or nil.
func rarest(cs conditions, crowd map[demand]int) *condition {
	var best *condition
	least := 0
	for i := range cs {
		keys := cs[i].keys()
		if keys == nil {
			continue
		}
		sum := 0
		for _, value := range keys {
			sum += crowd[demand{cs[i].name, value}]
		}
		if best == nil || sum < least {
			best, least = &cs[i], sum
		}
	}
	return best
}

func (ix *index) file(i int32, c *condition) {
	if c == nil {
		ix.rest = append(ix.rest, i)
		return
	}
	values := ix.byName[c.name]
	if values == nil {
		values = map[string][]int32{}
		ix.byName[c.name] = values
		ix.names = append(ix.names, c.name)
	}
	for _, value := range c.keys() {
		values[value] = append(values[value], i)
	}
}

// candidates appends to lists what v may match: ascending lists that share no number.
// It walks the shorter of the two, the labels filed under or the labels of the alert.
func (ix *index) candidates(v *view, lists [][]int32) [][]int32 {
	if len(ix.rest) > 0 {
		lists = append(lists, ix.rest)
	}
	if len(ix.names) <= len(v.labels)+4 {
		for _, name := range ix.names {
			lists = ix.collect(lists, name, v.get(name))
		}
		return lists
	}
	for name, value := range v.labels {
		if !isVirtual(name) {
			lists = ix.collect(lists, name, value)
		}
	}
	lists = ix.collect(lists, LabelSeverity, string(v.severity))
	lists = ix.collect(lists, LabelSeverityWord, v.severityWord)
	lists = ix.collect(lists, LabelSource, v.source)
	return ix.collect(lists, LabelIntegration, v.integration)
}

func (ix *index) collect(lists [][]int32, name, value string) [][]int32 {
	if value == "" {
		return lists
	}
	if found := ix.byName[name][value]; len(found) > 0 {
		lists = append(lists, found)
	}
	return lists
}

// pop removes and returns the smallest number of the lists, or -1 when they are empty.
func pop(lists [][]int32) int {
	best := -1
	for i, list := range lists {
		if len(list) > 0 && (best < 0 || list[0] < lists[best][0]) {
			best = i
		}
	}
	if best < 0 {
		return -1
	}
	head := lists[best][0]
	lists[best] = lists[best][1:]
	return int(head)
}
