package standby

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"tocsin/escalation/engine"
	"tocsin/escalation/store"
)

const (
	// mergeTimeout bounds one step of a merge; a store that hangs is away again.
	mergeTimeout = 15 * time.Second
	// refusedTries is how often a step is tried that the store refuses: somebody else may be at
	// work on the same incident. Of any other error nobody knows: insistTries.
	refusedTries = 4
	insistTries  = 12
	insistPause  = time.Second
)

// insist does one step of a merge, several times if it must. An error means that the store is
// away again, or too busy: the merge breaks off, and begins anew. stuck is why this step alone
// cannot be done, though the store answers: trying it for ever would hold up all others.
func (s *Standby) insist(ctx context.Context, step func(context.Context) error) (stuck, err error) {
	for tries := 1; ; tries++ {
		bounded, cancel := context.WithTimeout(ctx, mergeTimeout)
		err := step(bounded)
		cancel()
		switch {
		case err == nil || ctx.Err() != nil:
			return nil, err
		case s.look(ctx) != nil:
			return nil, err
		case passing(err) && tries == refusedTries:
			return nil, err
		case refused(err) && tries == refusedTries || tries == insistTries:
			return err, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(insistPause):
		}
	}
}

// refused says whether the store has answered, and will answer the same again.
func refused(err error) bool {
	return errors.Is(err, store.ErrNewer) || errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound)
}

// passing says whether an error is of the way to the store or of its load, and not of what was
// asked of it.
func passing(err error) bool {
	for _, e := range []error{
		context.DeadlineExceeded, context.Canceled, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
		ErrAway, engine.ErrOverloaded, engine.ErrStopped,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	var n net.Error
	return errors.As(err, &n)
}
