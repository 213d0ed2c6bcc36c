package redisstore

import (
	"bufio"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Inspect says which promise the settings of a Redis give. It changes nothing there. The error
// is that of a server which cannot be asked.
func Inspect(ctx context.Context, url string) ([]Finding, error) {
	s, t, err := connect(url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.client.Close() }() // nothing was done with it
	servers, err := s.servers(ctx)
	if err != nil {
		return nil, fmt.Errorf("redisstore: Redis cannot be asked; check that it runs and that the store's URL is right: %w", err)
	}
	var out []Finding
	if t.options.MasterName != "" {
		out = append(out, sentinelFinding(ctx, t))
	}
	if s.cluster {
		out = append(out, s.clusterFinding(ctx, len(servers)))
	}
	for _, f := range servers {
		out = append(out, f.findings()...)
	}
	return out, nil
}

// Promise says what an outage would lose, from what the server tells of its settings.
func (s *Store) Promise(ctx context.Context) string {
	servers, err := s.servers(ctx)
	if err != nil {
		return "Redis does not tell its settings (" + err.Error() + "): what an outage loses is not known"
	}
	var said []string
	for _, f := range servers {
		for _, found := range f.findings() {
			if found.Level != Fine || found.About == aboutDeath || found.About == aboutFailover {
				if text := found.sentence(); !slices.Contains(said, text) { // the masters of a cluster mostly agree
					said = append(said, text)
				}
			}
		}
	}
	return strings.Join(said, "; ")
}

// servers asks the server, or each master of a cluster.
func (s *Store) servers(ctx context.Context) ([]facts, error) {
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		f, err := s.ask(ctx, s.client)
		return []facts{f}, err
	}
	var mu sync.Mutex
	var all []facts
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error {
		f, err := s.ask(ctx, c)
		f.server = c.Options().Addr
		mu.Lock()
		defer mu.Unlock()
		all = append(all, f)
		return err
	})
	slices.SortFunc(all, func(a, b facts) int { return strings.Compare(a.server, b.server) })
	return all, err
}

// settings are those that CONFIG GET is asked for. Managed services forbid that.
var settings = [...]string{"appendfsync", "save", "min-replicas-to-write", "min-replicas-max-lag"}

// ask reads what one server tells of itself.
func (s *Store) ask(ctx context.Context, c redis.Cmdable) (facts, error) {
	f := facts{info: map[string]string{}, wait: s.wait}
	for _, section := range []string{"server", "persistence", "memory", "replication"} {
		text, err := c.Info(ctx, section).Result()
		if err != nil {
			return f, err
		}
		for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
			if name, value, ok := strings.Cut(lines.Text(), ":"); ok {
				f.info[name] = value
			}
		}
	}
	for _, name := range settings {
		values, err := c.ConfigGet(ctx, name).Result()
		if err != nil {
			return f, nil //nolint:nilerr // then what is set stays unknown
		}
		if f.config == nil {
			f.config = map[string]string{}
		}
		f.config[name] = values[name]
	}
	return f, nil
}

// sentinelFinding says whether enough Sentinels watch the master.
func sentinelFinding(ctx context.Context, t target) Finding {
	for _, addr := range t.options.Addrs {
		c := redis.NewSentinelClient(&redis.Options{
			Addr: addr, Username: t.options.SentinelUsername, Password: t.options.SentinelPassword,
			TLSConfig: t.options.TLSConfig, MaxRetries: -1, Protocol: 2,
		})
		master, err := c.Master(ctx, t.options.MasterName).Result()
		_ = c.Close() // nothing was done with it
		if err != nil {
			continue
		}
		others, _ := strconv.Atoi(master["num-other-sentinels"]) // absent: none
		text := fmt.Sprintf("%d Sentinels watch %s, and %s of them must agree that it is dead", others+1, t.options.MasterName, master["quorum"])
		if others < 2 {
			return Finding{Warning, "", aboutSentinel, text, "run three of them on three machines, so that one may die"}
		}
		return Finding{Fine, "", aboutSentinel, text, ""}
	}
	return Finding{Fault, "", aboutSentinel, "no Sentinel tells of " + t.options.MasterName, "check the hosts and the name in the store's URL"}
}

// clusterFinding says whether the cluster takes writes.
func (s *Store) clusterFinding(ctx context.Context, masters int) Finding {
	text, err := s.client.ClusterInfo(ctx).Result()
	switch {
	case err != nil || masters == 0:
		return Finding{Fault, "", aboutCluster, "it has no masters that answer", "look with redis-cli --cluster check"}
	case !strings.Contains(text, "cluster_state:ok"):
		return Finding{Fault, "", aboutCluster, "it is not sound, and refuses alerts", "look with redis-cli --cluster check"}
	}
	return Finding{Fine, "", aboutCluster, fmt.Sprintf("%d masters, sound", masters), ""}
}
