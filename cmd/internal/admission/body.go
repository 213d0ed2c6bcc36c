package admission

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// firstRead is how much room a body gets before anything of it came. Whoever only announces
// much holds no more than this.
const firstRead = 64 << 10

// ErrBroken is wrapped when a body ends early.
var ErrBroken = errors.New("the body could not be read to its end")

// Body reads the body of a delivery of that integration, up to limit bytes. Room is taken as
// the bytes come, so that neither an announcement nor a slow sender holds what others need. The
// error is a *Refusal, an *http.MaxBytesError, or wraps ErrBroken. release gives the room back;
// it is never nil.
func (c *Control) Body(w http.ResponseWriter, r *http.Request, integration string, limit int64, now time.Time) (body []byte, release func(), err error) {
	held := &holding{c: c, integration: integration}
	if r.ContentLength > limit {
		return nil, held.release, &http.MaxBytesError{Limit: limit}
	}
	from := http.MaxBytesReader(w, r.Body, limit)
	room := int64(firstRead)
	if r.ContentLength >= 0 && r.ContentLength < room {
		room = r.ContentLength + 1 // and the end
	}
	for {
		if len(body) == cap(body) {
			if err := held.take(room-int64(cap(body)), now); err != nil {
				return nil, held.release, err
			}
			grown := make([]byte, len(body), room)
			copy(grown, body)
			body, room = grown, min(2*room, limit+1)
		}
		n, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case errors.Is(err, io.EOF):
			return body, held.release, nil
		case err != nil:
			return nil, held.release, broken(err)
		}
	}
}

func broken(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return errors.Join(ErrBroken, err)
}

// holding is what one body holds.
type holding struct {
	c           *Control
	integration string
	bytes       int64
}

func (h *holding) take(n int64, now time.Time) error {
	h.c.mu.Lock()
	defer h.c.mu.Unlock()
	s := h.c.sender(h.integration)
	if !h.c.bytes.take(&s.bytes, n) {
		return s.refuse(&Refusal{Share, shareAfter}, now)
	}
	h.bytes += n
	return nil
}

func (h *holding) release() {
	h.c.mu.Lock()
	defer h.c.mu.Unlock()
	h.c.bytes.give(&h.c.sender(h.integration).bytes, h.bytes)
	h.bytes = 0
}
