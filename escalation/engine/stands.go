package engine

import (
	"tocsin/escalation"
	"tocsin/paging"
)

// stands answers a text that comes again after it was judged and its answer was lost, as when the
// process that judged it died. It tells how the incident stands where that is not what was asked
// for; otherwise it is empty, and the effect is confirmed once more.
func (t *talk) stands(r paging.Reply, inc *escalation.Incident, code string) string {
	takes := r.Action == paging.ReplyAck || r.Action == paging.ReplySnooze
	switch {
	case r.Action == paging.ReplyResolve && inc.Open():
		return t.texts.StillFiring(code, inc.Title)
	case !inc.Open() && (takes || inc.Ending.By.User != t.user.Name):
		return t.texts.AlreadyResolved(code, inc.Title, inc.Ending.By.Name, inc.Ending.At)
	case takes && inc.Ack == nil: // somebody passed it on since
		return t.texts.Who([]paging.Line{t.line(inc)})
	case takes && inc.Ack.By.User != t.user.Name:
		return t.texts.AlreadyAcked(code, inc.Title, inc.Ack.By.Name, inc.Ack.At)
	default:
		return ""
	}
}
