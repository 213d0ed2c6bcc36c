package escalation

import "time"

// Repair is a look at an incident that stands: its timer was lost, or nothing is going to
// happen to it. It does what is due, and the commit indexes the incident anew.
type Repair struct{ Why string }

// CommandID is empty: what is to be done is read from the incident.
func (Repair) CommandID() string { return "" }

// Stands says whether an open incident has nobody who acts and no step that is going to come,
// which no command ever leaves behind.
func (i *Incident) Stands() bool {
	return i.State == Triggered && i.Quiet == nil && i.Position == nil && !i.Memo
}

func (j *judge) repair(c Repair) {
	j.notef(EntryNote, "repaired: %s", c.Why)
	if j.inc.Stands() {
		j.startRun(time.Time{})
	}
	j.timers()
}
