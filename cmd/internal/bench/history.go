package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// past is one run as the history file keeps it, a line of JSON each.
type past struct {
	At      time.Time `json:"at"`
	Short   bool      `json:"short,omitempty"`
	Load    string    `json:"load"` // average before the run
	Figures []figure  `json:"figures"`
}

// remember adds the run to the history file and shows what changed against the last run of
// the same size.
func (r *report) remember(path string, run past, out io.Writer) error {
	run.Figures = r.figures
	last, err := lastRun(path, run.Short)
	if err != nil {
		return err
	}
	if last != nil {
		r.compare(last, out)
	}
	line, err := json.Marshal(run)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

// lastRun is the newest run of that size; nil when there is none.
func lastRun(path string, short bool) (last *past, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var p past
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			return nil, fmt.Errorf("%s:%d: %w; delete the line", path, n, err)
		}
		if p.Short == short {
			last = &p
		}
	}
	return last, lines.Err()
}

func (r *report) compare(last *past, out io.Writer) {
	before := map[string]float64{}
	for _, f := range last.Figures {
		before[f.Name] = f.Value
	}
	fmt.Fprintf(out, "since the run of %s:\n", last.At.Format(time.RFC3339))
	for _, f := range r.figures {
		if was, ok := before[f.Name]; ok && was != 0 {
			fmt.Fprintf(out, "  %s %s -> %s %s (%+.0f %%)\n", f.Name, plain(was), plain(f.Value), f.Unit, 100*(f.Value/was-1))
		}
	}
}
