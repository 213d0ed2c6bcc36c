package lab

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// ReportEnv names the file to which each cell's line is appended, for whoever sums them up.
const ReportEnv = "TOCSIN_FAULTS_REPORT"

// Report gathers the verdicts of a suite. The zero Report is empty.
type Report struct {
	mu   sync.Mutex
	rows []string
	sum  Verdict
}

// Add notes the verdict of one cell: what happened, under which setting.
func (r *Report) Add(t testing.TB, fault, setting string, v Verdict) {
	t.Helper()
	row := fmt.Sprintf("%-24s %-40s %s", fault, setting, v)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows = append(r.rows, row)
	r.sum.Add(v)
	path := os.Getenv(ReportEnv)
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = fmt.Fprintln(f, row)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// Table has a line for each cell and ends with that of all.
func (r *Report) Table() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return "\n" + strings.Join(append(r.rows, r.sum.String()), "\n")
}
