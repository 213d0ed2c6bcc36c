package redistest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// StartSentinel runs a Sentinel that watches the master at that address, under that name, and
// needs so many Sentinels to call it dead. Further lines of its configuration begin after
// "sentinel", with %s for the name. The server that is returned is the Sentinel.
func StartSentinel(tb testing.TB, master, name string, quorum int, more ...string) *Server {
	tb.Helper()
	host, port, err := net.SplitHostPort(master)
	if err != nil {
		tb.Fatal(err)
	}
	s := &Server{tb: tb, path: lookPath(tb, "redis-sentinel"), dir: tb.TempDir(), port: freePort(tb)}
	conf := filepath.Join(s.dir, "sentinel.conf")
	text := fmt.Sprintf("sentinel monitor %s %s %s %d\n", name, host, port, quorum)
	for _, line := range append([]string{"down-after-milliseconds %s 500", "failover-timeout %s 3000"}, more...) {
		text += "sentinel " + strings.ReplaceAll(line, "%s", name) + "\n"
	}
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	s.first, s.args = conf, []string{"--sentinel"}
	tb.Cleanup(s.stop)
	s.Restart()
	return s
}
