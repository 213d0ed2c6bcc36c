package audit

import "fmt"

// Finding is something that is not as the log says, or the other way round.
type Finding struct {
	Where string `json:"where"` // "audit record 12", "incident 01jf…", "config revision 3"
	Says  string `json:"says"`  // what is wrong, and what that means
	Note  bool   `json:"note,omitempty"`
}

// A finding with Note is for whoever reads on: it can be explained without anybody having
// tampered.

func (f Finding) String() string { return f.Where + ": " + f.Says }

func (l *Ledger) find(where, format string, args ...any) {
	l.findings = append(l.findings, Finding{Where: where, Says: fmt.Sprintf(format, args...)})
}

func (l *Ledger) note(where, format string, args ...any) {
	l.findings = append(l.findings, Finding{Where: where, Says: fmt.Sprintf(format, args...), Note: true})
}
