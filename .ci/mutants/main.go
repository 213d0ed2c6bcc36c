// Command mutants puts known faults into the source, one at a time, and runs the tests that
// should notice. A fault that no test notices is a hole in the tests. The working tree is not
// touched: the compiler is given the changed file in place of the real one (-overlay).
//
//	mutants [-add FILE] LIST
//
// LIST holds blocks, parted by empty lines; lines that begin with # are comments:
//
//	why:  what must not happen
//	file: escalation/step.go
//	test: ./escalation
//	old:  text that stands in the file exactly once
//	new:  what replaces it
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

type mutant struct{ why, file, test, old, new string }

func main() {
	add := flag.String("add", "", "file that gets a line with the numbers")
	only := flag.String("only", "", "run only faults whose why contains this")
	flag.Parse()
	noticed, missed, err := run(flag.Arg(0), *only)
	if err == nil && *add != "" {
		err = appendLine(*add, fmt.Sprintln(noticed, missed, 0))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	if missed > 0 || noticed == 0 {
		os.Exit(1)
	}
}

func run(list, only string) (noticed, missed int, err error) {
	mutants, err := read(list)
	if err != nil {
		return 0, 0, err
	}
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for _, m := range mutants {
		if !strings.Contains(m.why, only) {
			continue
		}
		if complaint := try(dir, m); complaint != "" {
			missed++
			fmt.Printf("%s (%s): %s\n", m.why, m.file, complaint)
			continue
		}
		noticed++
	}
	return noticed, missed, nil
}

func read(list string) ([]mutant, error) {
	text, err := os.ReadFile(list)
	if err != nil {
		return nil, err
	}
	var out []mutant
	for block := range strings.SplitSeq(string(text), "\n\n") {
		var m mutant
		fields := map[string]*string{"why": &m.why, "file": &m.file, "test": &m.test, "old": &m.old, "new": &m.new}
		for line := range strings.SplitSeq(strings.TrimSpace(block), "\n") {
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			key, value, _ := strings.Cut(line, ":")
			if fields[key] == nil {
				return nil, fmt.Errorf("%s: line %q begins with none of why, file, test, old, new", list, line)
			}
			*fields[key] = strings.TrimSpace(value)
		}
		if m == (mutant{}) {
			continue
		}
		if m.why == "" || m.file == "" || m.test == "" || m.old == "" || m.old == m.new {
			return nil, fmt.Errorf("%s: the block %q lacks something", list, block)
		}
		out = append(out, m)
	}
	return out, nil
}

// try returns "" when a test noticed the fault, else what is wrong.
func try(dir string, m mutant) string {
	source, err := os.ReadFile(m.file)
	if err != nil {
		return err.Error()
	}
	if n := strings.Count(string(source), m.old); n != 1 {
		return fmt.Sprintf("the text %q is there %d times, not once: mend the list", m.old, n)
	}
	real, err := filepath.Abs(m.file)
	if err != nil {
		return err.Error()
	}
	changed, overlay := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	table, err := json.Marshal(map[string]any{"Replace": map[string]string{real: changed}})
	if err == nil {
		err = errors.Join(os.WriteFile(changed, []byte(strings.Replace(string(source), m.old, m.new, 1)), 0o600),
			os.WriteFile(overlay, table, 0o600))
	}
	if err != nil {
		return err.Error()
	}
	args := append([]string{"test", "-overlay", overlay, "-count=1", "-failfast", "-timeout=90s"}, strings.Fields(m.test)...)
	out, err := exec.Command("go", args...).CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "no test noticed"
	case !errors.As(err, &exit):
		return err.Error()
	case strings.Contains(string(out), "[build failed]"), strings.Contains(string(out), "[setup failed]"):
		return "it does not compile: mend the list\n" + string(out)
	case !strings.Contains(string(out), "FAIL"):
		return "the tests did not run\n" + string(out)
	default:
		return ""
	}
}

func appendLine(path, line string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(line); err != nil {
		return err
	}
	return f.Close()
}
