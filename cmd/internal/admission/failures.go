package admission

import "time"

// Wrong credentials are worth a line in the log each, until there are too many of them.
const (
	failureEvery = 10 * time.Second
	failureBurst = 20
)

// Failed notes wrong credentials of an integration. tell says whether to write of them, and of
// how many since the last line: somebody who guesses must not fill the log. It only counts:
// right credentials are never kept out, however many wrong ones came before.
func (c *Control) Failed(integration string, now time.Time) (before int, tell bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sender(integration)
	if !s.failures.AllowN(now, 1) {
		s.quiet++
		return 0, false
	}
	before, s.quiet = s.quiet, 0
	return before, true
}
