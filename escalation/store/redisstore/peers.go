package redisstore

import (
	"context"
	"fmt"
	"time"

	"tocsin/escalation/store"
)

// peersShard keeps the announcements of all processes, so that they are read by one command.
const peersShard = 0

// Announce says that a process is there. The script also forgets those whose time has been
// over for as long as clocks may differ.
func (s *Store) Announce(ctx context.Context, process string, value []byte, now time.Time, keep time.Duration) error {
	if err := store.CheckAnnounce(process, value); err != nil {
		return err
	}
	row := append([]byte(digits(now.Add(keep))), value...)
	if _, err := s.run(ctx, s.script("announce", peersShard, process, row, digits(now.Add(-grace)))); err != nil {
		return fmt.Errorf("redisstore: cannot announce this process: %w", err)
	}
	return nil
}

// Announced returns what the processes said whose time is not over at now.
func (s *Store) Announced(ctx context.Context, now time.Time) (map[string][]byte, error) {
	val, err := s.run(ctx, plain(peersShard, "hgetall", base(peersShard)+"w"))
	if err != nil {
		return nil, fmt.Errorf("redisstore: cannot read which processes there are: %w", err)
	}
	fields, at := texts(val), digits(now)
	out := make(map[string][]byte, len(fields)/2)
	for i := 0; i+1 < len(fields); i += 2 {
		if row := fields[i+1]; len(row) >= len(at) && row[:len(at)] > at {
			out[fields[i]] = []byte(row[len(at):])
		}
	}
	return out, nil
}
