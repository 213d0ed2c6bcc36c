package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"tocsin/escalation/store/boltstore"
	"tocsin/escalation/store/redisstore"
)

// ErrNotEmpty says that there is a store already where the backup should be restored.
var ErrNotEmpty = errors.New("there is a store already; --force replaces it")

// Restored says what was restored.
type Restored struct {
	Head
	Tail
	Aside string `json:"aside,omitempty"` // where the store is that was there before
}

// Restore makes a store of a backup. No gateway may run on it meanwhile. A damaged file
// changes nothing: [ErrDamaged].
func Restore(ctx context.Context, f io.ReadSeeker, where string, force bool) (Restored, error) {
	if err := check(f); err != nil {
		return Restored{}, err
	}
	r, err := newReader(f)
	if err != nil {
		return Restored{}, err
	}
	out := Restored{Head: r.head}
	redis := strings.HasPrefix(where, "redis") && strings.Contains(where, "://")
	switch {
	case r.head.Kind == Redis && redis:
		var n int
		n, err = redisstore.Undump(ctx, where, r.head.Shards, force, r.item)
		if err == nil && n < r.tail.Incidents {
			err = fmt.Errorf("the backup should hold %d incidents, but only %d are there now", r.tail.Incidents, n)
		}
	case r.head.Kind == Embedded && !redis:
		out.Aside, err = boltstore.Restore(where, &content{r: r}, force)
	case redis:
		err = errors.New("this is the backup of an embedded store; restore it into a folder")
	default:
		err = errors.New("this is the backup of a Redis; restore it into one")
	}
	if errors.Is(err, boltstore.ErrNotEmpty) || errors.Is(err, redisstore.ErrNotEmpty) {
		err = fmt.Errorf("%w (%w)", ErrNotEmpty, err)
	}
	out.Tail = r.tail
	return out, err
}

// item returns the next item of a Redis.
func (r *reader) item() (redisstore.Item, bool, error) {
	kind, t, err := r.next()
	if errors.Is(err, io.EOF) && !errors.Is(err, ErrDamaged) {
		return redisstore.Item{}, false, nil
	}
	return redisstore.Item{Kind: kind, Key: t[0], Name: t[1], Value: t[2]}, err == nil, err
}

// content is the embedded store's file, put together again.
type content struct {
	r    *reader
	rest string
}

func (c *content) Read(b []byte) (int, error) {
	for c.rest == "" {
		_, t, err := c.r.next()
		if err != nil {
			return 0, err
		}
		c.rest = t[2]
	}
	n := copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}
