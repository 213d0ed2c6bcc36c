package redisstore

import (
	"context"
	"crypto/sha1"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed scripts/*.lua
var scriptFiles embed.FS

// script is one Lua script and the name by which Redis remembers it.
type script struct{ text, sha string }

func newScript(text string) *script {
	sum := sha1.Sum([]byte(text)) // Redis' own choice: a name, no protection
	return &script{text: text, sha: hex.EncodeToString(sum[:])}
}

// loadScripts reads the embedded scripts, by name without ".lua".
func loadScripts() (map[string]*script, error) {
	names, err := fs.Glob(scriptFiles, "scripts/*.lua")
	if err != nil {
		return nil, err
	}
	scripts := make(map[string]*script, len(names))
	for _, name := range names {
		text, err := scriptFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		scripts[strings.TrimSuffix(path.Base(name), ".lua")] = newScript(string(text))
	}
	return scripts, nil
}

// call is one command for one shard. val and err are set by exec; a nil answer is nil.
type call struct {
	shard  int
	script *script // nil: a plain command
	args   []any   // of the script after its key, or the whole command
	once   bool    // never sent twice, not even after a redirect that failed
	val    any
	err    error
	behind error // too few replicas have it
}

func (s *Store) script(name string, shard int, args ...any) *call {
	return &call{shard: shard, script: s.scripts[name], args: args}
}

func plain(shard int, args ...any) *call { return &call{shard: shard, args: args} }

// noRetry keeps the cluster client from sending a command again after a network error.
type noRetry struct{ *redis.Cmd }

func (noRetry) NoRetry() bool { return true }

// command makes what goes over the wire, with the script's text when Redis has forgotten it.
// A script names two keys that never exist. While a slot moves to another server of a Cluster,
// its keys are in two places, and a script would take those that are elsewhere for gone; but
// what names several keys of which one is missing is refused with TRYAGAIN until the slot has
// moved (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/).
func (c *call) command(ctx context.Context, whole bool) *redis.Cmd {
	if c.script == nil {
		return redis.NewCmd(ctx, c.args...)
	}
	name, text := "evalsha", c.script.sha
	if whole {
		name, text = "eval", c.script.text
	}
	args := make([]any, 0, 5+len(c.args))
	return redis.NewCmd(ctx, append(append(args, name, text, 2, base(c.shard), base(c.shard)+"-"), c.args...)...)
}

// exec sends calls in one pipeline per server, in their order, and sends those again whose
// script the server does not know yet. It returns an error only when every call failed, that
// of the first; each call has its own.
func (s *Store) exec(ctx context.Context, calls []*call, wait bool) error {
	if len(calls) == 0 {
		return nil
	}
	err := ctx.Err()
	wait = wait && s.wait > 0
	switch {
	case err != nil:
	case !wait && !s.cluster && len(calls) <= little:
		s.together(ctx, calls)
	default:
		var groups []*group
		if groups, err = s.byServer(ctx, calls, wait); err == nil {
			s.sendAll(ctx, groups, wait)
		}
	}
	if err != nil {
		for _, c := range calls {
			c.err = err
		}
		return err
	}
	for _, c := range calls {
		if c.err == nil {
			return nil
		}
	}
	return calls[0].err
}

func (s *Store) sendAll(ctx context.Context, groups []*group, wait bool) {
	for _, g := range groups {
		g.send(ctx, g.calls, s.wait, wait, false)
		var unknown []*call
		for _, c := range g.calls {
			if c.err != nil && redis.HasErrorPrefix(c.err, "NOSCRIPT") {
				unknown = append(unknown, c)
			}
		}
		if len(unknown) > 0 {
			g.send(ctx, unknown, s.wait, wait, true)
		}
	}
}

// group is calls that travel together.
type group struct {
	client redis.Cmdable
	calls  []*call
}

// byServer splits calls by server only where a WAIT must follow them on the same connection;
// else the client does it.
func (s *Store) byServer(ctx context.Context, calls []*call, wait bool) ([]*group, error) {
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok || !wait {
		return []*group{{client: s.client, calls: calls}}, nil
	}
	var groups []*group
	byClient := map[*redis.Client]*group{}
	for _, c := range calls {
		client, err := cluster.MasterForKey(ctx, base(c.shard))
		if err != nil {
			return nil, fmt.Errorf("redisstore: no master for shard %d: %w", c.shard, err)
		}
		g := byClient[client]
		if g == nil {
			g = &group{client: client}
			byClient[client] = g
			groups = append(groups, g)
		}
		g.calls = append(g.calls, c)
	}
	return groups, nil
}

// send runs calls in one pipeline. With wait they are followed by WAIT; a tiny write before it
// gives the connection an offset to wait for, even when the calls wrote nothing because they
// had been applied before.
func (g *group) send(ctx context.Context, calls []*call, replicas int, wait, whole bool) {
	pipe := g.client.Pipeline()
	commands := make([]*redis.Cmd, len(calls))
	for i, c := range calls {
		commands[i] = c.command(ctx, whole)
		if c.once {
			_ = pipe.Process(ctx, noRetry{commands[i]}) // errors come with the answers
		} else {
			_ = pipe.Process(ctx, commands[i])
		}
	}
	var have *redis.Cmd
	if wait {
		pipe.Set(ctx, base(calls[0].shard)+"wait", 1, time.Hour)
		have = pipe.Do(ctx, "wait", replicas, waitTimeout.Milliseconds())
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	for i, c := range calls {
		c.val, c.err = commands[i].Result()
		if errors.Is(c.err, redis.Nil) {
			c.val, c.err = nil, nil
		}
		c.behind = behind(have, replicas)
	}
}

// waitTimeout is how long replicas may take; it must be below the read timeout.
const waitTimeout = time.Second

func behind(have *redis.Cmd, want int) error {
	if have == nil {
		return nil
	}
	n, err := have.Int64()
	if err != nil {
		return fmt.Errorf("redisstore: WAIT failed: %w", err)
	}
	if n < int64(want) {
		return fmt.Errorf("redisstore: only %d of %d replicas have it after %s; check the replicas, or lower ?wait= in the store's URL",
			n, want, waitTimeout)
	}
	return nil
}

// unsure says that nobody knows whether the command was run: its answer was lost.
func unsure(err error) bool {
	var answer redis.Error
	return err != nil && !errors.As(err, &answer)
}

// run is exec for one call that writes or reads.
func (s *Store) run(ctx context.Context, c *call) (any, error) {
	err := s.exec(ctx, []*call{c}, false)
	return c.val, err
}

// all is exec for calls of which none may fail.
func (s *Store) all(ctx context.Context, calls []*call) error {
	if err := s.exec(ctx, calls, false); err != nil {
		return err
	}
	for _, c := range calls {
		if c.err != nil {
			return c.err
		}
	}
	return nil
}

// texts reads an answer that is a list of texts; nil entries become "".
func texts(val any) []string {
	list, _ := val.([]any)
	out := make([]string, len(list))
	for i, v := range list {
		out[i], _ = v.(string)
	}
	return out
}

func text(val any) string {
	s, _ := val.(string)
	return s
}
