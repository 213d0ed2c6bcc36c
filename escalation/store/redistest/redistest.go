// Package redistest runs a real redis-server for tests and benchmarks: on a free port of the
// loopback interface, with a folder of its own, killed when the test ends.
package redistest

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// RequireEnv names the variable that, set to 1, makes a missing redis-server a failure instead of a skip.
const RequireEnv = "TOCSIN_REQUIRE_SERVERS"

// The values of appendfsync.
const (
	Always   = "always"
	EverySec = "everysec"
)

// Server is a running redis-server. Its methods fail the test when they cannot do their work.
type Server struct {
	tb    testing.TB
	path  string
	dir   string
	port  int
	first string // config file, if any; it must be the first argument
	args  []string
	login string // of the default user; none when empty
	cmd   *exec.Cmd
}

// Start runs redis-server with that appendfsync and further arguments. Without redis-server on
// the PATH the test is skipped.
func Start(tb testing.TB, appendfsync string, args ...string) *Server {
	tb.Helper()
	s := &Server{tb: tb, path: lookPath(tb, "redis-server"), dir: tb.TempDir(), port: freePort(tb)}
	s.args = append([]string{"--appendonly", "yes", "--appendfsync", appendfsync, "--save", ""}, args...)
	tb.Cleanup(s.stop)
	s.Restart()
	return s
}

// lookPath finds a program, which Debian has in a package of the same name.
func lookPath(tb testing.TB, program string) string {
	tb.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		say := fmt.Sprintf("%[1]s is not installed: install the package %[1]s to run this test", program)
		if os.Getenv(RequireEnv) == "1" {
			tb.Fatal(say)
		}
		tb.Skip(say)
	}
	return path
}

// Addr is host and port.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// URL is the address for redisstore.Open.
func (s *Server) URL() string { return "redis://" + s.Addr() + "/0" }

// Add gives further arguments to the next start.
func (s *Server) Add(args ...string) { s.args = append(s.args, args...) }

// Login asks the default user for that password from the next start on.
func (s *Server) Login(password string) {
	s.login = password
	s.Add("--requirepass", password)
}

// Password is what Login asks for.
func (s *Server) Password() string { return s.login }

// Kill ends the server at once, as kill -9 does. Its data folder stays.
func (s *Server) Kill() {
	s.tb.Helper()
	s.stop()
}

// Pause stops the server without ending it, as a machine that hangs does; Resume lets it go on.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.tb.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.tb.Fatalf("cannot send %s to redis-server %d: %v", sig, s.cmd.Process.Pid, err)
	}
}

func (s *Server) stop() {
	if s.cmd == nil {
		return
	}
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.tb.Errorf("cannot kill redis-server %d: %v", s.cmd.Process.Pid, err)
	}
	_ = s.cmd.Wait() // says that it was killed
	s.cmd = nil
}

// Restart starts the server again on the same port and data, killing it first when it runs.
func (s *Server) Restart() {
	s.tb.Helper()
	s.stop()
	log := filepath.Join(s.dir, "redis.log")
	var args []string
	if s.first != "" {
		args = append(args, s.first)
	}
	args = append(args, "--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--dir", s.dir, "--logfile", log)
	args = append(args, s.args...)
	s.cmd = exec.Command(s.path, args...)
	s.cmd.SysProcAttr = DieWithTest()
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		s.tb.Fatalf("cannot start redis-server: %v", err)
	}
	for end := time.Now().Add(20 * time.Second); ; {
		if s.answers() {
			return
		}
		if time.Now().After(end) {
			text, _ := os.ReadFile(log) // only for the message
			s.tb.Fatalf("redis-server does not answer on %s; its log: %s", s.Addr(), text)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// answers says whether PING gets its answer; while data is loaded it does not.
func (s *Server) answers() bool {
	reply, err := s.Do("PING")
	return err == nil && reply == "+PONG"
}

// Do sends one command and returns the first line of its answer.
func (s *Server) Do(args ...string) (string, error) {
	conn, err := net.DialTimeout("tcp", s.Addr(), time.Second)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second)) // a connection of its own
	answers := bufio.NewReader(conn)
	if s.login != "" {
		if line, err := do(conn, answers, "AUTH", s.login); err != nil || line != "+OK" {
			return line, err
		}
	}
	return do(conn, answers, args...)
}

func do(conn net.Conn, answers *bufio.Reader, args ...string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	if _, err := conn.Write([]byte(b.String())); err != nil {
		return "", err
	}
	line, err := answers.ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}

// Must is Do for a command that may not fail.
func (s *Server) Must(args ...string) string {
	s.tb.Helper()
	line, err := s.Do(args...)
	if err != nil || strings.HasPrefix(line, "-") {
		s.tb.Fatalf("redis %s: %s %v", args[0], line, err)
	}
	return line
}

// freePort is below the range that the system gives to outgoing connections, which would take
// the port while the server is down; and so is the one 10000 above, on which a server of a
// Redis Cluster listens too. It is random: tests in parallel must not find the same one free.
func freePort(tb testing.TB) int {
	tb.Helper()
	for range 1000 {
		port := 19000 + rand.IntN(3700)
		if isFree(port) && isFree(port+10000) {
			return port
		}
	}
	tb.Fatal("no free port")
	return 0
}

func isFree(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	_ = l.Close() // free again, for redis-server
	return true
}
