package main

import (
	"context"
	"errors"
	"time"
)

const (
	// settleDown is how long after its start a gateway begins the last of what a start leaves
	// behind: it compares incidents with the audit log, and again only after an hour.
	settleDown = 15 * time.Second
	idleFor    = 20 * time.Second
)

// idle measures what a gateway costs, in percent of a core, when nobody calls it and none of
// the timers in its store comes due.
func (b *bench) idle(ctx context.Context, k kind, store string) (percent float64, err error) {
	g, err := b.start(ctx, nil, store, heldConfig(), newSecrets(), "idle-"+k.short)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, g.stop()) }()
	g.calm(ctx)
	from, _ := g.cpu()
	began := time.Now()
	waitUntil(ctx, began.Add(idleFor))
	to, _ := g.cpu()
	return 100 * (to - from) / time.Since(began).Seconds(), ctx.Err()
}

// calm waits until the process has done what a start leaves behind: it judges what is quiet,
// and looks through all incidents for what it may have missed.
func (g *gateway) calm(ctx context.Context) {
	const tries, quiet, busy = 180, 3, 0.02 // seconds of CPU a second
	waitUntil(ctx, time.Now().Add(settleDown))
	for n, still := 0, 0; n < tries && still < quiet && ctx.Err() == nil; n++ {
		from, _ := g.cpu()
		waitUntil(ctx, time.Now().Add(time.Second))
		if to, _ := g.cpu(); to-from < busy {
			still++
		} else {
			still = 0
		}
	}
}
