package trivyoperator

import (
	"fmt"
	"strconv"
	"strings"

	"tocsin/routing/source"
)

// counts is how many findings there are of each of [words].
type counts [5]int

// words are the severities of Trivy, worst first.
func words() [len(counts{})]string {
	return [...]string{"critical", "high", "medium", "low", "unknown"}
}

// counts reads the summary. A compliance report counts its failing controls.
func (r *resource) counts() (counts, error) {
	if r.Kind == "ClusterComplianceReport" {
		return r.failingControls()
	}
	s := r.Report.Summary
	if s == nil {
		return counts{}, fmt.Errorf("%w: %s without report.summary; whether it is clean cannot be told", source.ErrBody, source.Line(string(r.Kind), source.MaxWord))
	}
	var n counts
	for i, t := range []source.Text{s.Critical, s.High, s.Medium, s.Low, s.Unknown} {
		n[i] = max(t.Int(), 0)
	}
	return n, nil
}

func (r *resource) failingControls() (counts, error) {
	var n counts
	for _, c := range r.Status.Report.V.Controls {
		if c.Fail.Int() > 0 {
			n[rank(c.Severity)]++
		}
	}
	if r.Status.Summary == nil {
		if n.total() == 0 {
			return n, errNotYet
		}
		return n, nil
	}
	// Without the list of controls their severity is unknown.
	n[rank("unknown")] += max(r.Status.Summary.Fail.Int()-n.total(), 0)
	return n, nil
}

func rank(severity source.Text) int {
	for i, w := range words() {
		if strings.EqualFold(w, string(severity)) {
			return i
		}
	}
	return len(counts{}) - 1
}

func (n counts) total() int {
	sum := 0
	for _, c := range n {
		if sum += c; sum < 0 { // a sender's number near the largest int
			return int(^uint(0) >> 1)
		}
	}
	return sum
}

func (n counts) highest() string {
	for i, c := range n {
		if c > 0 {
			return words()[i]
		}
	}
	return ""
}

// sentence is "3 critical, 5 high".
func (n counts) sentence() string {
	var parts []string
	for i, c := range n {
		if c > 0 {
			parts = append(parts, strconv.Itoa(c)+" "+words()[i])
		}
	}
	return strings.Join(parts, ", ")
}
