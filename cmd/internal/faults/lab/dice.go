package lab

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Dice are random numbers for several goroutines, the same for the same seed.
type Dice struct {
	mu sync.Mutex
	r  *rand.Rand
}

func newDice(seed uint64) *Dice { return &Dice{r: rand.New(rand.NewPCG(seed, seed))} }

// Below is a number from 0 to n-1.
func (d *Dice) Below(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.IntN(n)
}

// Chance is true so many times in a hundred.
func (d *Dice) Chance(percent int) bool { return d.Below(100) < percent }

// UpTo is a duration below limit.
func (d *Dice) UpTo(limit time.Duration) time.Duration { return time.Duration(d.Below(int(limit))) }
