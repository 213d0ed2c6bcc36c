package redistest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// StartSentinel runs a Sentinel that watches master under that name; its quorum is itself.
// The server that is returned is the Sentinel, not the master.
func StartSentinel(tb testing.TB, master *Server, name string) *Server {
	tb.Helper()
	host, port, err := net.SplitHostPort(master.Addr())
	if err != nil {
		tb.Fatal(err)
	}
	s := &Server{tb: tb, path: lookPath(tb), dir: tb.TempDir(), port: freePort(tb)}
	conf := filepath.Join(s.dir, "sentinel.conf")
	text := fmt.Sprintf("sentinel monitor %s %s %s 1\nsentinel down-after-milliseconds %s 500\nsentinel failover-timeout %s 3000\n",
		name, host, port, name, name)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	s.first, s.args = conf, []string{"--sentinel"}
	tb.Cleanup(s.stop)
	s.Restart()
	return s
}
