package redisstore

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// defaultShards is the number of shards of a new installation.
const defaultShards = 16

// maxShards is what the two characters of an id can tell apart.
const maxShards = 1024

// target is what a URL asks for.
type target struct {
	options redis.UniversalOptions
	cluster bool
	wait    int
	shards  int
}

var errURL = errors.New("want redis://[user:password@]host:port[/db], rediss://…, " +
	"redis+sentinel://host,host/master?db=0 or redis+cluster://host,host, with ?wait=1 and ?shards=16 where wished")

// parseURL reads the address of a store. Its errors never quote the URL, which may hold a password.
func parseURL(raw string) (target, error) {
	t := target{shards: defaultShards}
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return t, fmt.Errorf("redisstore: the store's URL has no scheme: %w", errURL)
	}
	rest, rawQuery, _ := strings.Cut(rest, "?")
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return t, fmt.Errorf("redisstore: the part after ? of the store's URL cannot be read: %w", errURL)
	}
	secure, kind := strings.HasPrefix(scheme, "rediss"), strings.TrimPrefix(strings.TrimPrefix(scheme, "rediss"), "redis")
	port := "6379"
	if kind == "+sentinel" {
		port = "26379"
	}
	path, err := t.authority(rest, port)
	if err != nil {
		return t, err
	}
	switch kind {
	case "":
		err = t.database(path)
	case "+sentinel":
		if t.options.MasterName = path; path == "" {
			err = fmt.Errorf("redisstore: name the master: redis+sentinel://host,host/mymaster: %w", errURL)
		}
	case "+cluster":
		t.cluster, t.options.IsClusterMode = true, true
	default:
		err = fmt.Errorf("redisstore: unknown scheme %q: %w", scheme, errURL)
	}
	if err != nil {
		return t, err
	}
	if secure {
		t.options.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		if kind == "" {
			t.options.TLSConfig.ServerName, _, _ = net.SplitHostPort(t.options.Addrs[0])
		}
	}
	return t, t.query(query)
}

// authority reads user, password and hosts, and returns the path after them.
func (t *target) authority(rest, port string) (string, error) {
	hosts, path, _ := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(hosts, '@'); at >= 0 {
		user, password, has := strings.Cut(hosts[:at], ":")
		var err, err2 error
		t.options.Username, err = url.PathUnescape(user)
		t.options.Password, err2 = url.PathUnescape(password)
		if err != nil || err2 != nil || !has {
			return "", fmt.Errorf("redisstore: user and password in the store's URL cannot be read (escape @ / : ? as %%40 %%2F %%3A %%3F): %w", errURL)
		}
		hosts = hosts[at+1:]
	}
	for host := range strings.SplitSeq(hosts, ",") {
		if host == "" {
			host = "localhost"
		}
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(strings.Trim(host, "[]"), port)
		}
		t.options.Addrs = append(t.options.Addrs, host)
	}
	return path, nil
}

func (t *target) database(path string) (err error) {
	if path == "" {
		return nil
	}
	if t.options.DB, err = strconv.Atoi(path); err != nil || t.options.DB < 0 {
		return fmt.Errorf("redisstore: the database in the store's URL must be a number, as in /0: %w", errURL)
	}
	return nil
}

// query reads the parameters; an unknown one is an error, as it is in the config.
func (t *target) query(query url.Values) (err error) {
	for name := range query {
		value := query.Get(name)
		n, bad := strconv.Atoi(value)
		switch name {
		case "wait":
			t.wait, err = n, within(name, n, bad, 0, 16)
		case "shards":
			t.shards, err = n, within(name, n, bad, 1, maxShards)
		case "db":
			t.options.DB, err = n, within(name, n, bad, 0, 1<<20)
		case "sentinel_user":
			t.options.SentinelUsername = value
		case "sentinel_password":
			t.options.SentinelPassword = value
		default:
			err = fmt.Errorf("redisstore: unknown parameter %q in the store's URL; known are wait, shards, db, sentinel_user, sentinel_password", name)
		}
		if err != nil {
			return err
		}
	}
	if t.cluster && t.options.DB != 0 {
		return fmt.Errorf("redisstore: a cluster has only database 0")
	}
	return nil
}

func within(name string, n int, bad error, low, high int) error {
	if bad != nil || n < low || n > high {
		return fmt.Errorf("redisstore: ?%s= in the store's URL must be a number from %d to %d", name, low, high)
	}
	return nil
}
