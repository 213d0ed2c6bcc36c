// Package again repeats a chore for as long as a process lives. The chore itself says when it
// wants to run next, which may depend on what it found.
package again

import (
	"context"
	"time"
)

// least keeps a chore that asks for no time at all, or for one in the past, from spinning.
const least = time.Millisecond

// After does a chore when the first time is over, so that a start is left in peace, and then
// again after as long as it said, until ctx ends.
func After(ctx context.Context, first time.Duration, chore func(ctx context.Context) (next time.Duration)) {
	wait := time.NewTimer(first)
	defer wait.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wait.C:
		}
		wait.Reset(max(chore(ctx), least))
	}
}
