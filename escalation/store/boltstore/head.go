package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/store"
)

// head is what the store keeps beside an incident: everything that judging a change or a
// touch needs, without reading the incident.
type head struct {
	open     bool
	format   uint16
	revision store.Revision
	count    uint64
	seen     uint64 // stamps; 0: none
	due      uint64 // position in the timers
	ended    uint64 // position in the ended
}

var errHead = errors.New("the head of an incident cannot be read; the file is damaged")

const headBytes = 1 + 2 + 5*8

func (h head) encode() []byte {
	b := make([]byte, 0, headBytes+len(h.revision.Token))
	open := byte(0)
	if h.open {
		open = 1
	}
	b = append(b, open)
	b = binary.BigEndian.AppendUint16(b, h.format)
	for _, n := range [...]uint64{h.revision.Counter, h.count, h.seen, h.due, h.ended} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return append(b, h.revision.Token...)
}

func decodeHead(b []byte) (head, error) {
	if len(b) < headBytes {
		return head{}, errHead
	}
	n := func(i int) uint64 { return binary.BigEndian.Uint64(b[3+8*i:]) }
	return head{open: b[0] == 1, format: binary.BigEndian.Uint16(b[1:]),
		revision: store.Revision{Counter: n(0), Token: string(b[headBytes:])},
		count:    n(1), seen: n(2), due: n(3), ended: n(4)}, nil
}

// saw counts n alerts; the last time never goes back.
func (h *head) saw(n int, at time.Time) {
	h.count += uint64(n)
	h.seen = max(h.seen, stamp(at))
}

func (h head) newer() error {
	if h.format > escalation.Format {
		return fmt.Errorf("%w: format %d", store.ErrNewer, h.format)
	}
	return nil
}

// head returns the head of an incident; false when there is none.
func (t *txn) head(id []byte) (head, bool, error) {
	if len(id) == 0 {
		return head{}, false, nil
	}
	b := t.get(headBucket, id)
	if b == nil {
		return head{}, false, nil
	}
	h, err := decodeHead(b)
	return h, err == nil, err
}
