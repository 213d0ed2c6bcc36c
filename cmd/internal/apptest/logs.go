package apptest

import (
	"bytes"
	"strings"
	"sync"
	"testing"
)

// Logs keeps what gateways wrote.
type Logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements [io.Writer].
func (l *Logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is all of it.
func (l *Logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Leaks names the secrets that occur in a text.
func Leaks(text string, secrets map[string]string) []string {
	var found []string
	for name, value := range secrets {
		if strings.Contains(text, value) {
			found = append(found, name)
		}
	}
	return found
}

// check fails the test for every secret in the logs, and shows the logs of a test that failed.
func (l *Logs) check(t testing.TB, secrets map[string]string) {
	t.Helper()
	text := l.String()
	for _, name := range Leaks(text, secrets) {
		t.Errorf("the log holds the secret %s", name)
	}
	if t.Failed() {
		t.Logf("what the gateways logged:\n%s", tail(text, 8<<10))
	}
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}
