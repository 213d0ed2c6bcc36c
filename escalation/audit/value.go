package audit

import "fmt"

// Numbers tells which values of a series the log knows, so that each can be asked for.
func (l *Ledger) Numbers(series string) []uint64 {
	var out []uint64
	for n := range l.values[series] {
		out = append(out, n)
	}
	return out
}

// Value holds a revision (of the series "config" or "overlay") against the log; nil stands for
// one that is not there though the store still keeps its number.
func (l *Ledger) Value(series string, number uint64, value []byte) {
	at := fmt.Sprintf("%s revision %d", series, number)
	want, known := l.values[series][number]
	switch {
	case value == nil && known:
		l.find(at, "the log tells of it, but it is not in the store: it was deleted")
	case value == nil:
		l.find(at, "it is missing between others: it was deleted")
	case !known && l.strict():
		l.find(at, "no record tells of it: it was written past the log")
	case !known:
		l.note(at, "no record tells of it yet")
	case Digest(value) != want:
		l.find(at, "its content is not what the log saw being stored: it was changed")
	}
}
