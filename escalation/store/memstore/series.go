package memstore

import (
	"context"

	"tocsin/escalation/store"
)

// series is a list of values of which the first ones may be forgotten.
type series struct {
	last   uint64
	values []numbered // the last of them has the number last
}

type numbered struct{ token, value string }

// at returns the value of that number; nil when there is none.
func (r *series) at(number uint64) *numbered {
	if number > r.last || r.last-number >= uint64(len(r.values)) {
		return nil
	}
	return &r.values[len(r.values)-1-int(r.last-number)]
}

// carries says whether the value of that number was appended with that token.
func (r *series) carries(token string, number uint64) bool {
	v := r.at(number)
	return v != nil && v.token == token
}

// Append implements store.Store.
func (s *Store) Append(ctx context.Context, name string, after uint64, token string, value []byte) error {
	if err := store.CheckAppend(name, token, value); err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	r := s.series[name]
	if r == nil {
		r = &series{}
	}
	if r.carries(token, r.last) || r.carries(token, after+1) {
		return nil
	}
	if after != r.last {
		return store.SeriesConflict(name, after, r.last)
	}
	r.last++
	r.values = append(r.values, numbered{token, string(value)})
	if over := len(r.values) - store.SeriesKept; over > 0 && !store.Kept(name) {
		clear(r.values[:over])
		r.values = r.values[over:]
	}
	s.series[name] = r
	return nil
}

// Last implements store.Store.
func (s *Store) Last(ctx context.Context, names ...string) ([]uint64, error) {
	if err := store.CheckSeries(names...); err != nil {
		return nil, err
	}
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	out := make([]uint64, len(names))
	for i, name := range names {
		if r := s.series[name]; r != nil {
			out[i] = r.last
		}
	}
	return out, nil
}

// Value implements store.Store.
func (s *Store) Value(ctx context.Context, name string, number uint64) ([]byte, error) {
	if err := store.CheckSeries(name); err != nil {
		return nil, err
	}
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	if r := s.series[name]; r != nil {
		if v := r.at(number); v != nil {
			return []byte(v.value), nil
		}
	}
	return nil, store.NoSeriesValue(name, number)
}
