package redisstore

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"tocsin/escalation/store"
)

// Store is a [store.Store] in Redis. Make it with [Open].
type Store struct {
	client  redis.UniversalClient
	cluster bool
	shards  int
	wait    int // replicas that must have a commit; 0 asks none
	scripts map[string]*script
	post    post
	later   atomic.Pointer[later] // nil once the store was asked who it is
}

var _ store.Store = (*Store)(nil)

// Option changes how a store is opened.
type Option func(*redis.UniversalOptions)

// Timeout is how long one answer may take; 2 s unless told. A commit whose answer does not
// come is sent once more before it counts as trouble.
func Timeout(d time.Duration) Option {
	return func(o *redis.UniversalOptions) { o.ReadTimeout, o.WriteTimeout = d, d }
}

// Open connects to redis://, rediss://, redis+sentinel:// or redis+cluster://, and installs
// the number of shards when this is the first process to come. `?wait=1` asks for that many
// replicas to have each commit; `?shards=16` counts at installation only.
func Open(ctx context.Context, url string, opts ...Option) (*Store, error) {
	s, t, err := connect(url, opts...)
	if err != nil {
		return nil, err
	}
	if err := s.install(ctx, t.shards); err != nil {
		_ = s.client.Close() // nothing was done with it
		return nil, err
	}
	return s, nil
}

// connect makes a client, which dials when it is used.
func connect(url string, opts ...Option) (*Store, target, error) {
	t, err := parseURL(url)
	if err != nil {
		return nil, t, err
	}
	scripts, err := loadScripts()
	if err != nil {
		return nil, t, err
	}
	o := &t.options
	o.MaxRetries = -1 // a write whose answer was lost may have been done: see Commit
	o.Protocol = 2
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = time.Second, 2*time.Second, 2*time.Second, 3*time.Second
	o.DialerRetries = 1
	o.ContextTimeoutEnabled = true
	o.PoolSize, o.ConnMaxIdleTime = 32, 5*time.Minute
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	for _, opt := range opts {
		opt(o)
	}
	return &Store{client: redis.NewUniversalClient(o), cluster: t.cluster, wait: t.wait, scripts: scripts}, t, nil
}

// install agrees with all other processes on the number of shards.
func (s *Store) install(ctx context.Context, shards int) error {
	ver, err := s.agree(ctx, layoutKey, layout)
	if err != nil {
		return err
	}
	if ver > layout {
		return newerLayout(ver)
	}
	if ver < layout {
		if err := s.client.Set(ctx, layoutKey, layout, 0).Err(); err != nil {
			return fmt.Errorf("redisstore: cannot raise the layout in Redis: %w", err)
		}
	}
	s.shards, err = s.agree(ctx, shardsKey, shards)
	if err == nil && (s.shards < 1 || s.shards > maxShards) {
		err = fmt.Errorf("redisstore: key %s says %d shards; it was damaged, restore Redis from its backup", shardsKey, s.shards)
	}
	return err
}

// agree writes a number unless there is one, and returns the one that is there.
func (s *Store) agree(ctx context.Context, key string, n int) (int, error) {
	if err := s.client.SetNX(ctx, key, n, 0).Err(); err != nil {
		return 0, fmt.Errorf("redisstore: cannot write to Redis; check that it runs and that the store's URL is right: %w", err)
	}
	text, err := s.client.Get(ctx, key).Result()
	if err != nil {
		return 0, fmt.Errorf("redisstore: cannot read from Redis: %w", err)
	}
	there, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("redisstore: key %s should hold a number; is this database used by something else? %w", key, err)
	}
	return there, nil
}

// Shards is the number of shards, fixed at installation.
func (s *Store) Shards() int { return s.shards }

// Close ends all connections.
func (s *Store) Close() error { return s.client.Close() }
