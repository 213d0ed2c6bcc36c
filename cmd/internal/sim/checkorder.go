package sim

import (
	"slices"
	"strings"
	"time"

	"tocsin/escalation"
)

// walk follows the timeline of one incident, line by line, with nothing but the lines and the
// books, and says where they cannot have been.
type walk struct {
	*checker
	s     *Story
	state string            // triggered, quiet, acknowledged, resolved
	tier  *escalation.Entry // the present step; nil before the first
	until time.Time         // its deadline as its line says
	fresh bool              // a new run is due: opened, taken back, more urgent, …
	left  string            // why the present step may be left
	empty map[string]bool   // tiers that had nobody to page, since the last step
	undo  bool              // an acknowledgement was taken back: its step may start again
	taken bool              // it ended by itself while somebody had it: so it stays when it fires again
}

// timelineInOrder: no tier is skipped or early, nobody is paged while it is acknowledged, quiet
// or over, and an acknowledgement ends only for a reason (I4, I5, I9, confirmed acks).
func (c *checker) timelineInOrder(s *Story) {
	w := &walk{checker: c, s: s, empty: map[string]bool{}}
	for _, commit := range c.commits[s.Incident.ID] {
		for i := range commit.Change.Entries {
			w.line(&commit, &commit.Change.Entries[i])
		}
	}
	if latest := c.h.End.Add(-c.overdue()); w.state == "triggered" && w.tier != nil && w.until.Before(latest) {
		c.broken("nothing is stuck", "%s: %s was to end at %s, and nothing came after it", name(s.Incident), w.tier.Tier, c.at(w.until))
	}
}

func (w *walk) wrong(e *escalation.Entry, format string, args ...any) {
	w.broken("order of the timeline", "%s, line %d (%s %q) while %s: "+format,
		append([]any{name(w.s.Incident), e.Seq, e.Kind, e.Text, w.state}, args...)...)
}

func (w *walk) line(commit *Commit, e *escalation.Entry) {
	if e.Seq > 1 && w.state == "" {
		w.wrong(e, "it was never opened")
	}
	switch e.Kind {
	case escalation.EntryOpened, escalation.EntryReopened:
		if w.state != "" && w.state != "resolved" {
			w.wrong(e, "it is open already")
		}
		w.state, w.fresh = "triggered", true
	case escalation.EntryQuiet:
		w.quiet(e)
	case escalation.EntryTier:
		w.step(commit, e)
	case escalation.EntryPage:
		if w.state != "triggered" || w.tier == nil {
			w.wrong(e, "nobody may be paged")
		}
	case escalation.EntryHandOn:
		w.handOn(commit, e)
	case escalation.EntryAck:
		if w.state == "resolved" {
			w.wrong(e, "it is over")
		}
		w.state, w.taken = "acknowledged", false
	case escalation.EntryUnack, escalation.EntryExpired:
		if w.state != "acknowledged" {
			w.wrong(e, "nobody has it")
		}
		w.state, w.fresh, w.undo = "triggered", true, has(e.Text, "taken back", "passes it on")
		w.early(commit, e)
	case escalation.EntryEscalated:
		w.left, w.fresh, w.state = "escalated", w.fresh || w.tier == nil, "triggered"
	case escalation.EntryReassign:
		w.state, w.fresh = "triggered", true
	case escalation.EntrySeverity:
		w.fresh, w.taken = true, false
	case escalation.EntryResolved:
		if w.state == "resolved" {
			w.wrong(e, "it is over already")
		}
		w.state, w.taken = "resolved", w.state == "acknowledged" && e.By == ""
	}
}

func (w *walk) quiet(e *escalation.Entry) {
	if w.state == "resolved" {
		w.wrong(e, "it is over")
	}
	w.state = "quiet"
	if !has(e.Text, ": nobody is paged") {
		w.state, w.fresh = "triggered", true
	}
}

// early: an acknowledgement does not run out before its time.
func (w *walk) early(commit *Commit, e *escalation.Entry) {
	if e.Kind != escalation.EntryExpired {
		return
	}
	for _, before := range w.commits[w.s.Incident.ID] {
		if before.At.Before(commit.At) && before.Incident.Ack != nil {
			w.until = before.Incident.Ack.Expires
		}
	}
	w.notBefore(commit, e, w.until)
}

// notBefore: something that waits for an instant does not happen sooner, neither by the clock of
// who decided it nor in truth.
func (w *walk) notBefore(commit *Commit, e *escalation.Entry, t time.Time) {
	t = t.Truncate(time.Second) // as lines write it
	if e.At.Before(t) {
		w.wrong(e, "not before %s", w.at(t))
	}
	if commit.At.Before(t.Add(-tolerance)) {
		w.wrong(e, "it is %s, not before %s; the clock of %s is off by %s", w.at(commit.At), w.at(t), commit.By, commit.Error)
	}
}

func (w *walk) handOn(commit *Commit, e *escalation.Entry) {
	switch {
	case has(e.Text, " has nobody to page"):
		w.empty[e.Tier] = true
	case has(e.Text, "the next round waits until"):
		w.left = "round"
		w.until = parse(e.Text[strings.LastIndex(e.Text, " ")+1:])
	case has(e.Text, "nobody answered in time"):
		w.left = "deadline"
		w.notBefore(commit, e, w.until)
	case has(e.Text, "every attempt has failed"):
		w.left = "failed"
		w.allFailed(commit, e)
	}
}

// allFailed: a tier is left early only when none of its pages can reach anybody any more.
func (w *walk) allFailed(commit *Commit, e *escalation.Entry) {
	for _, a := range w.s.Attempts {
		if a.Kind == "page" && a.Tier == w.tier.Tier && a.Run == w.tier.Run && a.Round == w.tier.Round &&
			a.State != "failed" && a.State != "canceled" {
			planned := slices.ContainsFunc(w.commits[w.s.Incident.ID], func(c Commit) bool {
				return c.At.Before(commit.At) && slices.ContainsFunc(c.Change.Attempts, func(p escalation.AttemptPut) bool { return p.Attempt.ID == a.ID })
			})
			if planned && a.SettledAt.Before(commit.At) {
				w.wrong(e, "the page to %s is %s", a.User, a.State)
			}
		}
	}
}

func parse(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic("sim: no time in a line of a timeline: " + s)
	}
	return t
}

// step is a line that says that a tier, the acknowledger or the fallback is paged.
func (w *walk) step(commit *Commit, e *escalation.Entry) {
	if w.state != "triggered" {
		w.wrong(e, "nobody may be paged")
	}
	if w.taken {
		w.wrong(e, "it was acknowledged when it ended, and fires again")
	}
	w.taken = false
	_, until, _ := strings.Cut(e.Text, ", until ")
	until, _, _ = strings.Cut(until, " (")
	var want []string
	for _, book := range commit.Books {
		want = append(want, w.allowed(commit, book, e)...)
	}
	if !slices.Contains(want, e.Tier) {
		w.wrong(e, "after %s (left: %s) comes %v", w.present(), w.left, want)
	}
	if w.left == "round" && !w.fresh {
		w.notBefore(commit, e, w.until)
	}
	w.tier, w.until = e, parse(until)
	w.fresh, w.left, w.undo, w.empty = false, "", false, map[string]bool{}
}

func (w *walk) present() string {
	if w.tier == nil {
		return "nothing"
	}
	return w.tier.Tier
}

// allowed lists the steps that may come now by that book.
func (w *walk) allowed(commit *Commit, book int, e *escalation.Entry) []string {
	p := newBook(book).Policy(commit.Incident.Policy)
	names := make([]string, len(p.Tiers))
	for i, t := range p.Tiers {
		names[i] = t.Name
	}
	var want []string
	if w.fresh {
		want = append(want, w.from(names, 0, e, p.Repeat)...)
		if w.tier != nil && (w.undo || w.left == "escalated") {
			want = append(want, w.tier.Tier)
		}
		if commit.Incident.Position != nil && commit.Incident.Position.Stage == escalation.StageAcknowledger {
			want = append(want, "acknowledger")
		}
	}
	if w.tier == nil || w.left == "" && !w.undo {
		return want
	}
	switch at := slices.Index(names, w.tier.Tier); {
	case w.tier.Tier == escalation.FallbackName:
		return append(want, escalation.FallbackName)
	case w.tier.Tier == "acknowledger" || w.left == "round":
		return append(want, w.from(names, 0, e, p.Repeat)...)
	case at < 0: // the book has it no more: counted on from its place
		return append(append(want, names...), escalation.FallbackName)
	default:
		return append(want, w.from(names, at+1, e, p.Repeat)...)
	}
}

// from is the first tier from index i on that has anybody, else what follows the round.
func (w *walk) from(names []string, i int, e *escalation.Entry, repeat int) []string {
	for ; i < len(names); i++ {
		if !w.empty[names[i]] {
			return names[i : i+1]
		}
	}
	if e.Round <= repeat && e.Tier != escalation.FallbackName && w.tier != nil && e.Round == w.tier.Round+1 {
		for _, n := range names { // the next round
			if !w.empty[n] || n == e.Tier {
				return []string{n}
			}
		}
	}
	if e.Round < repeat && len(w.empty) < len(names) {
		return nil
	}
	return []string{escalation.FallbackName}
}
