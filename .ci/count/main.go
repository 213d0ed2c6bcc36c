// Command count reads the output of `go test -json`, shows what failed or was skipped, and
// adds one line "passed failed skipped" to a file. It ends with 1 when a test failed, or was
// skipped without leave. A test with subtests counts as these.
//
//	go test -json ./... | count -add FILE [-allow REGEXP]
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
)

// event is a line of `go test -json` (cmd/test2json).
type event struct {
	Action      string
	Package     string
	ImportPath  string // of a build
	Test        string
	Output      string
	FailedBuild string
}

// test is a test, a subtest, a package (without a name) or a build.
type test struct {
	outcome string // pass, fail or skip
	output  []string
	ran     bool // false for what only stands in the name of a subtest, before a "/"
	parent  bool // has subtests
	below   bool // a subtest of it failed, or has been shown
}

// tally keeps what was read, in order.
type tally struct {
	tests map[string]*test
	order []string
}

func main() {
	add := flag.String("add", "", "file that gets a line with the numbers")
	allow := flag.String("allow", "", "skips whose text matches are no failures")
	flag.Parse()
	allowed, err := regexp.Compile(*allow)
	if err != nil {
		fmt.Fprintln(os.Stderr, "count:", err)
		os.Exit(2)
	}
	t := &tally{tests: map[string]*test{}}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Println(lines.Text())
			continue
		}
		t.take(e)
	}
	passed, failed, skipped, forbidden := t.sum(func(text string) bool { return *allow != "" && allowed.MatchString(text) })
	if *add != "" {
		if err := appendLine(*add, fmt.Sprintln(passed, failed, skipped)); err != nil {
			fmt.Fprintln(os.Stderr, "count:", err)
			os.Exit(2)
		}
	}
	if lines.Err() != nil || failed > 0 || forbidden || passed+skipped == 0 {
		if passed+failed+skipped == 0 {
			fmt.Println("no test ran")
		}
		os.Exit(1)
	}
}

func (t *tally) get(key string) *test {
	if t.tests[key] == nil {
		t.tests[key] = &test{}
		t.order = append(t.order, key)
	}
	return t.tests[key]
}

func (t *tally) take(e event) {
	key := e.Package + " " + e.Test
	if e.Package == "" {
		key = e.ImportPath + " "
	}
	it := t.get(key)
	switch e.Action {
	case "run":
		it.ran = true
		for up := e.Test; ; {
			i := strings.LastIndexByte(up, '/')
			if i < 0 {
				break
			}
			up = up[:i]
			t.get(e.Package + " " + up).parent = true
		}
	case "output", "build-output":
		it.output = append(it.output, e.Output)
	case "pass", "fail", "skip":
		it.outcome = e.Action
		it.below = it.below || e.FailedBuild != "" // the build says why
	case "build-fail":
		it.outcome = "fail"
	}
}

// sum shows what was not passed and counts. Longest names come first, so that a parent knows
// whether its failure has been shown.
func (t *tally) sum(leave func(string) bool) (passed, failed, skipped int, forbidden bool) {
	for i := len(t.order) - 1; i >= 0; i-- {
		key := t.order[i]
		it := t.tests[key]
		pkg, name, _ := strings.Cut(key, " ")
		text := strings.Join(it.output, "")
		switch {
		case it.outcome == "fail" || it.ran && it.outcome == "":
			if !it.below { // not the echo of what was shown already
				failed++
				show("FAIL", pkg, name, text)
			}
			t.blame(pkg, name)
		case name == "" || it.parent && it.outcome == "pass":
		case it.outcome == "pass":
			passed++
		case it.outcome == "skip" && leave(text):
			skipped++
			show("SKIP (allowed)", pkg, name, text)
		case it.outcome == "skip":
			skipped++
			forbidden = true
			show("SKIP counts as a failure:", pkg, name, text)
		}
	}
	return passed, failed, skipped, forbidden
}

// blame marks everything above a failure.
func (t *tally) blame(pkg, name string) {
	for name != "" {
		i := max(strings.LastIndexByte(name, '/'), 0)
		name = name[:i]
		t.get(pkg + " " + name).below = true
	}
}

// show prints the end of an output without the lines that only repeat the name.
func show(what, pkg, name, text string) {
	fmt.Println(what, pkg, name)
	var lines []string
	for line := range strings.Lines(text) {
		bare := strings.TrimSpace(line)
		if bare == "" || strings.HasPrefix(bare, "=== ") || strings.HasPrefix(bare, "--- PASS") || bare == "PASS" {
			continue
		}
		lines = append(lines, "    "+strings.TrimRight(line, "\n"))
	}
	if over := len(lines) - 60; over > 0 {
		lines = append(lines[:30:30], append([]string{fmt.Sprintf("    … %d lines …", over)}, lines[30+over:]...)...)
	}
	for _, line := range lines {
		fmt.Println(line)
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
