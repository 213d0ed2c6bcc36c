package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tocsin/escalation/store"
)

// All series live in one shard, so that the last numbers of several are one command.
const seriesShard = 0

func seriesKey(name string, number uint64) string {
	return base(seriesShard) + "s:" + name + ":" + strconv.FormatUint(number, 10)
}

// seriesRow is the format (3 digits), the token, a newline and the value.
func seriesRow(token string, value []byte) []byte {
	row := make([]byte, 0, formatDigits+len(token)+1+len(value))
	row = append(append(row, format(store.SeriesFormat)...), token...)
	return append(append(row, '\n'), value...)
}

const formatDigits = 3

// Append adds the next value by one script. When its answer was lost it is sent once more
// with its token, which tells whether it was applied.
func (s *Store) Append(ctx context.Context, name string, after uint64, token string, value []byte) error {
	if err := store.CheckAppend(name, token, value); err != nil {
		return err
	}
	following, old := after+1, uint64(0)
	if following > store.SeriesKept && !store.Kept(name) {
		old = following - store.SeriesKept
	}
	number := func(n uint64) string { return strconv.FormatUint(n, 10) }
	c := s.script("append", seriesShard, name, number(after), number(following), token, number(old), seriesRow(token, value))
	err := s.exec(ctx, []*call{c}, true)
	if unsure(err) && ctx.Err() == nil {
		err = s.exec(ctx, []*call{c}, true)
	}
	if err != nil {
		return fmt.Errorf("redisstore: cannot append to series %s: %w", name, err)
	}
	switch answer, rest, _ := strings.Cut(text(c.val), " "); answer {
	case "ok":
		return c.behind // if not nil: applied, but not as promised; the same token settles it
	case "conflict":
		last, err := strconv.ParseUint(rest, 10, 64)
		return errors.Join(store.SeriesConflict(name, after, last), err)
	case "newer":
		return fmt.Errorf("%w: the last value of series %s; upgrade this process", store.ErrNewer, name)
	default:
		return fmt.Errorf("redisstore: append.lua answered %q", answer)
	}
}

// Last reads the last numbers by one command.
func (s *Store) Last(ctx context.Context, names ...string) ([]uint64, error) {
	if err := store.CheckSeries(names...); err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return []uint64{}, nil
	}
	args := append(make([]any, 0, 2+len(names)), "hmget", base(seriesShard)+"s")
	for _, name := range names {
		args = append(args, name)
	}
	val, err := s.run(ctx, plain(seriesShard, args...))
	if err != nil {
		return nil, fmt.Errorf("redisstore: cannot read how far series are: %w", err)
	}
	list, _ := val.([]any)
	if len(list) != len(names) {
		return nil, fmt.Errorf("redisstore: %d numbers for %d series", len(list), len(names))
	}
	out := make([]uint64, len(names))
	for i, v := range list {
		if v == nil {
			continue
		}
		rev, err := parseRevision(text(v))
		if err != nil {
			return nil, fmt.Errorf("redisstore: series %s: %w", names[i], err)
		}
		out[i] = rev.Counter
	}
	return out, nil
}

// Value reads one value of a series.
func (s *Store) Value(ctx context.Context, name string, number uint64) ([]byte, error) {
	if err := store.CheckSeries(name); err != nil {
		return nil, err
	}
	val, err := s.run(ctx, plain(seriesShard, "get", seriesKey(name, number)))
	if err != nil {
		return nil, fmt.Errorf("redisstore: cannot read value %d of series %s: %w", number, name, err)
	}
	if val == nil {
		return nil, store.NoSeriesValue(name, number)
	}
	row := text(val)
	if len(row) < formatDigits {
		return nil, errSeries(name, number)
	}
	ver, err := strconv.Atoi(row[:formatDigits])
	if err != nil {
		return nil, errSeries(name, number)
	}
	if err := store.CheckSeriesFormat(name, number, ver); err != nil {
		return nil, err
	}
	_, value, ok := strings.Cut(row, "\n")
	if !ok {
		return nil, errSeries(name, number)
	}
	return []byte(value), nil
}

func errSeries(name string, number uint64) error {
	return fmt.Errorf("redisstore: value %d of series %s was damaged; restore Redis from its backup", number, name)
}
