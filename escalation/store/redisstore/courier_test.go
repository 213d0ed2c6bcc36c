package redisstore_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"tocsin/escalation/store/redistest"
)

// Many callers at once travel together: each gets its own answer, and one that may not wait
// any longer neither disturbs the others nor is given theirs.
func TestCallersTravelTogether(t *testing.T) {
	s := open(t, redistest.Start(t, redistest.EverySec).URL())
	now := time.Now()
	var running sync.WaitGroup
	for caller := range 64 {
		running.Go(func() {
			for n := range 50 {
				key := fmt.Sprint(caller, "-", n)
				if caller%8 == 7 {
					ctx, cancel := context.WithTimeout(t.Context(), 50*time.Microsecond)
					value, _, err := s.Once(ctx, "0-0", now)
					assert.True(t, err != nil || value == "" || value == "0-0", value)
					cancel()
					continue
				}
				assert.NoError(t, s.SetOnce(t.Context(), key, key, now, time.Hour))
				value, there, err := s.Once(t.Context(), key, now)
				assert.NoError(t, err)
				assert.True(t, there)
				assert.Equal(t, key, value)
			}
		})
	}
	running.Wait()
}
