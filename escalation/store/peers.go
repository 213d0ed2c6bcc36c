package store

import "fmt"

// Bounds of an announcement, so that reading all of them stays cheap.
const (
	maxProcess      = 100
	maxAnnouncement = 64 << 10
)

// CheckAnnounce refuses announcements that no store takes. Stores call it first.
func CheckAnnounce(process string, value []byte) error {
	if process == "" || len(process) > maxProcess {
		return fmt.Errorf("store: the name of a process has 1 to %d bytes, not %d", maxProcess, len(process))
	}
	if len(value) > maxAnnouncement {
		return fmt.Errorf("store: the announcement of %s has %d bytes; at most %d", process, len(value), maxAnnouncement)
	}
	return nil
}
