package memstore

import (
	"cmp"
	"container/heap"
	"time"
)

// agenda is what comes due when. Entries are never moved: a new time is a new entry, and one
// that no longer says what the row says is dropped when it comes up.
type agenda[ID cmp.Ordered] struct{ heap due[ID] }

type item[ID cmp.Ordered] struct {
	at time.Time
	id ID
}

func (a *agenda[ID]) add(at time.Time, id ID) {
	if !at.IsZero() {
		heap.Push(&a.heap, item[ID]{at, id})
	}
}

// next returns the earliest entry that still holds.
func (a *agenda[ID]) next(holds func(ID) time.Time) (item[ID], bool) {
	for len(a.heap) > 0 {
		first := a.heap[0]
		if holds(first.id).Equal(first.at) {
			return first, true
		}
		heap.Pop(&a.heap)
	}
	return item[ID]{}, false
}

func (a *agenda[ID]) drop() { heap.Pop(&a.heap) }

// due is a heap by time, then id.
type due[ID cmp.Ordered] []item[ID]

func (d due[ID]) Len() int      { return len(d) }
func (d due[ID]) Swap(i, j int) { d[i], d[j] = d[j], d[i] }
func (d due[ID]) Less(i, j int) bool {
	if c := d[i].at.Compare(d[j].at); c != 0 {
		return c < 0
	}
	return d[i].id < d[j].id
}

// Push implements heap.Interface.
func (d *due[ID]) Push(x any) { *d = append(*d, x.(item[ID])) }

// Pop implements heap.Interface.
func (d *due[ID]) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}
