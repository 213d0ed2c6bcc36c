package redisstore

import (
	"fmt"
	"strconv"
	"strings"
)

// Level is how grave a finding is.
type Level string

// The levels. A fault means that alerts are refused or evicted, now or soon.
const (
	Fine    Level = "ok"
	Warning Level = "warning"
	Fault   Level = "error"
)

// Finding is one thing about Redis that an operator should know.
type Finding struct {
	Level  Level  `json:"level"`
	Server string `json:"server,omitempty"` // host:port, where there are several
	About  string `json:"about"`
	Text   string `json:"text"`
	Do     string `json:"do,omitempty"` // what to do about it
}

// String is a finding in one line.
func (f Finding) String() string {
	where := ""
	if f.Server != "" {
		where = f.Server + ": "
	}
	return fmt.Sprintf("%s: %s%s: %s", f.Level, where, f.About, f.sentence())
}

func (f Finding) sentence() string {
	if f.Do == "" {
		return f.Text
	}
	return f.Text + ": " + f.Do
}

// What findings are about.
const (
	aboutVersion  = "version"
	aboutServer   = "server"
	aboutSettings = "settings"
	aboutDeath    = "death of Redis"
	aboutMachine  = "death of its machine"
	aboutMemory   = "memory"
	aboutFailover = "fail-over"
	aboutSentinel = "sentinel"
	aboutCluster  = "cluster"
)

// facts are what one server tells about itself.
type facts struct {
	server string            // its address, where there are several
	info   map[string]string // of INFO
	config map[string]string // of CONFIG GET; nil when that is refused
	wait   int               // ?wait=
}

func (f facts) number(of map[string]string, name string) int {
	n, _ := strconv.Atoi(of[name]) // absent: none
	return n
}

// findings judges one server. What it promises are the measured losses of each setting: see
// the package comment of cmd/internal/faults/redis.
func (f facts) findings() []Finding {
	var out []Finding
	for _, found := range [][]Finding{f.version(), f.state(), f.durability(), f.memory(), f.replication(), f.minReplicas()} {
		out = append(out, found...)
	}
	for i := range out {
		out[i].Server = f.server
	}
	return out
}

func (f facts) version() []Finding {
	version := f.info["redis_version"]
	major, _, _ := strings.Cut(version, ".")
	switch n, err := strconv.Atoi(major); {
	case err != nil:
		return []Finding{{Warning, "", aboutVersion, "INFO does not tell the version of Redis", "make sure that it is 7.0 or later"}}
	case n < 7:
		return []Finding{{Fault, "", aboutVersion, "Redis " + version + " is too old", "install 7.0 or later"}}
	}
	return []Finding{{Fine, "", aboutVersion, "Redis " + version, ""}}
}

// state is what keeps the server from taking writes now.
func (f facts) state() (out []Finding) {
	if f.info["role"] == "slave" {
		out = append(out, Finding{Fault, "", aboutServer, "this server is a replica and takes no writes", "give the master's address, or use redis+sentinel://"})
	}
	if f.info["loading"] == "1" {
		out = append(out, Finding{Fault, "", aboutServer, "it loads its data and takes no writes yet", "wait"})
	}
	if f.info["aof_last_write_status"] == "err" {
		out = append(out, Finding{Fault, "", aboutServer, "the last write of the append-only file failed", "free disk space on the Redis machine"})
	}
	if f.info["aof_last_bgrewrite_status"] == "err" {
		out = append(out, Finding{Warning, "", aboutServer, "the last rewrite of the append-only file failed, so that it grows", "free disk space and memory on the Redis machine"})
	}
	if f.info["rdb_last_bgsave_status"] == "err" && f.config["save"] != "" {
		out = append(out, Finding{Fault, "", aboutServer, "the last snapshot failed, and writes are refused while stop-writes-on-bgsave-error is on", "free disk space and memory on the Redis machine"})
	}
	if f.config == nil {
		out = append(out, Finding{Warning, "", aboutSettings, "CONFIG is refused: appendfsync and min-replicas-to-write cannot be known", "ask whoever runs this Redis for them"})
	}
	return out
}

// durability says what the death of the process and of the machine loses.
func (f facts) durability() []Finding {
	if f.info["aof_enabled"] != "1" {
		const text = "appendonly is off: everything since the last snapshot is lost when Redis dies"
		return []Finding{{Warning, "", aboutDeath, text, "set appendonly yes, appendfsync always"}}
	}
	const slow = "up to about 2 s of accepted alerts are lost when Redis is killed while its disk is slow"
	switch f.config["appendfsync"] {
	case "always":
		return []Finding{{Fine, "", aboutDeath, "appendfsync always: nothing accepted is lost when Redis or its machine dies and the disk survives", ""}}
	case "everysec":
		return []Finding{
			{Warning, "", aboutDeath, "appendfsync everysec: " + slow, "set appendfsync always"},
			{Warning, "", aboutMachine, "appendfsync everysec: up to about 2 s of accepted alerts are lost when the Redis machine dies", "set appendfsync always"},
		}
	case "no":
		return []Finding{{Warning, "", aboutMachine, "appendfsync no: up to about 30 s of accepted alerts are lost when the Redis machine dies", "set appendfsync always, or at least everysec"}}
	default:
		return []Finding{{Warning, "", aboutMachine, "appendonly is on, but appendfsync cannot be known; with its default, everysec, up to about 2 s of accepted alerts are lost when the Redis machine dies", "ask for appendfsync always"}}
	}
}

func (f facts) memory() (out []Finding) {
	policy, limit, used := f.info["maxmemory_policy"], f.number(f.info, "maxmemory"), f.number(f.info, "used_memory")
	switch {
	case policy == "":
		out = append(out, Finding{Warning, "", aboutMemory, "maxmemory-policy cannot be known", "make sure that it is noeviction"})
	case strings.HasPrefix(policy, "volatile"):
		out = append(out, Finding{Warning, "", aboutMemory, "maxmemory-policy " + policy + " may evict the proofs that a delivery or reply was handled", "set noeviction"})
	case policy != "noeviction":
		out = append(out, Finding{Fault, "", aboutMemory, "maxmemory-policy " + policy + " may evict incidents", "set noeviction"})
	}
	switch {
	case limit == 0:
		out = append(out, Finding{Fine, "", aboutMemory, "no maxmemory: Redis grows until its machine has no more", ""})
	case used > limit/10*8:
		out = append(out, Finding{Warning, "", aboutMemory, fmt.Sprintf("%d of %d MB are used; when they are full alerts are refused", used>>20, limit>>20), "raise maxmemory, or keep resolved incidents for less long"})
	default:
		out = append(out, Finding{Fine, "", aboutMemory, fmt.Sprintf("%d of %d MB are used", used>>20, limit>>20), ""})
	}
	return out
}

// replication says what a fail-over loses.
func (f facts) replication() []Finding {
	n := f.number(f.info, "connected_slaves")
	switch {
	case f.wait > 0 && n < f.wait:
		return []Finding{{Fault, "", aboutFailover, fmt.Sprintf("commits wait for %d replicas, but %d are connected: alerts are refused until they are", f.wait, n), "start the replicas, or lower ?wait= in the store's URL"}}
	case f.wait > 0 && n > f.wait:
		return []Finding{{Warning, "", aboutFailover, fmt.Sprintf("commits wait until %d of %d replicas have them; a fail-over to another one loses the last moments", f.wait, n), fmt.Sprintf("set ?wait=%d in the store's URL", n)}}
	case f.wait > 0:
		return []Finding{{Fine, "", aboutFailover, fmt.Sprintf("commits wait until %d of %d replicas have them, so that a fail-over loses nothing", f.wait, n), ""}}
	case n > 0:
		return []Finding{{Warning, "", aboutFailover, fmt.Sprintf("a fail-over to one of the %d replicas may lose the last moments, and a partition all that the old master took", n), fmt.Sprintf("add ?wait=%d to the store's URL", n)}}
	default:
		return []Finding{{Warning, "", aboutFailover, "no replica is connected: Redis has no stand-in", "add a replica and Sentinel, or be ready to restart this one"}}
	}
}

// minReplicas is what ends the writes of a master that is cut off.
func (f facts) minReplicas() []Finding {
	want, lag, n := f.number(f.config, "min-replicas-to-write"), f.number(f.config, "min-replicas-max-lag"), f.number(f.info, "connected_slaves")
	switch {
	case want == 0 || lag == 0:
		return nil
	case n < want:
		return []Finding{{Fault, "", aboutFailover, fmt.Sprintf("min-replicas-to-write is %d, but %d replicas are connected: alerts are refused", want, n), "start the replicas, or lower it"}}
	case f.wait == 0:
		return []Finding{{Warning, "", aboutFailover, fmt.Sprintf("min-replicas-to-write %d ends the writes of a master that is cut off after %d s; what it took until then is lost", want, lag), fmt.Sprintf("add ?wait=%d to the store's URL", n)}}
	}
	return []Finding{{Fine, "", aboutFailover, fmt.Sprintf("min-replicas-to-write %d: a master that is cut off refuses alerts after %d s", want, lag), ""}}
}
