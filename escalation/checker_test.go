package escalation

import (
	"encoding/json"
	"reflect"
	"slices"
	"time"

	"tocsin/paging"
	"tocsin/schedules"
)

// failer is a test that a broken rule ends: *testing.T and *rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checker holds the rules that every Step must keep, written without a look at how Step works.
type checker struct {
	t      failer
	latest time.Time // the furthest that the clock ever was
}

func newChecker(t failer) *checker { return &checker{t: t} }

// farthest bounds every step of the books in these tests, with what the clock may have been
// ahead when it was planned.
const farthest = time.Hour

func (c *checker) check(m moment) {
	c.t.Helper()
	if m.env.Now.After(c.latest) {
		c.latest = m.env.Now
	}
	c.pure(m)
	if m.after == nil {
		c.must(m, m.res.Outcome.Kind == NoIncident && !m.res.Changed, "without an incident nothing happens")
		return
	}
	c.must(m, m.res.Outcome.Kind != "" && m.res.Outcome.Incident != nil, "every command has an outcome")
	c.state(m, m.after.inc)
	c.pending(m, m.after.inc)
	c.rows(m)
	c.counts(m)
	c.timeline(m)
	c.written(m)
	c.alerts(m)
	c.memo(m)
	c.shadows(m)
	if m.before == nil || m.before.inc.ID != m.after.inc.ID {
		c.must(m, m.before == nil || !m.before.inc.Open(), "a second incident opens while one is open")
		return
	}
	c.repeats(m)
	c.clocks(m)
	c.severity(m)
	c.told(m)
	c.order(m)
}

func (c *checker) must(m moment, ok bool, rule string) {
	if ok {
		return
	}
	c.t.Helper()
	was := "none"
	if m.before != nil {
		was = class(m.before.inc)
	}
	c.t.Fatalf("rule broken: %s\ncommand %s\nat %s, outcome %q, was %s, is %s", rule, brief(m.cmd), m.env.Now.Format(time.RFC3339), m.res.Outcome.Kind, was, class(m.res.Incident))
}

// pure: the same input gives the same result, and Step leaves it alone.
func (c *checker) pure(m moment) {
	c.t.Helper()
	c.must(m, reflect.DeepEqual(m.pristine, m.used), "Step changes its input")
	c.must(m, reflect.DeepEqual(m.res, Step(m.env, m.pristine, m.cmd)), "the same input gives another result")
}

// state: the fields of an incident agree with each other.
func (c *checker) state(m moment, i *Incident) {
	c.t.Helper()
	c.must(m, (i.State == Resolved) == (i.Ending != nil), "resolved means that there is an ending")
	c.must(m, i.State != Acknowledged || i.Ack != nil, "an acknowledged incident says who has it")
	c.must(m, i.Quiet == nil || i.State == Triggered, "only a triggered incident is quiet")
	c.must(m, (i.Position != nil) == (i.State == Triggered && i.Quiet == nil), "an incident has a position exactly while it pages")
	c.must(m, len(i.Commands) <= rememberedCommands, "too many commands are remembered")
}

// pending: what is open and unacknowledged has something to do, soon enough.
func (c *checker) pending(m moment, i *Incident) {
	c.t.Helper()
	due := i.NextDue()
	c.must(m, i.Open() != due.IsZero(), "open means that there is a next timer")
	if _, timer := m.cmd.(TimerDue); timer {
		c.must(m, due.IsZero() || due.After(m.env.Now), "a due timer is consumed")
	}
	if i.Position != nil {
		c.must(m, !i.Position.Deadline.After(c.latest.Add(farthest)), "the step ends within bounds")
		c.must(m, !due.After(i.Position.Deadline), "the step's end is a timer")
	}
	if i.Quiet != nil && i.Quiet.Kind != Suppressed {
		c.must(m, !i.Quiet.Until.IsZero() && !i.Quiet.Until.After(c.latest.Add(2*farthest)), "a hold or mute ends within bounds")
	}
	if _, timer := m.cmd.(TimerDue); timer && i.Quiet != nil {
		c.must(m, i.Quiet.Kind == Suppressed || i.Quiet.Until.After(m.env.Now), "a quiet that is over has been judged")
	}
}

// rows: no page can begin but for an incident that wants pages, and it knows each of them.
func (c *checker) rows(m moment) {
	c.t.Helper()
	refs := map[paging.AttemptID]paging.State{}
	for _, ref := range m.after.inc.Attempts {
		_, twice := refs[ref.ID]
		c.must(m, !twice, "an attempt is remembered once")
		refs[ref.ID] = ref.State
	}
	for id, a := range m.after.attempts {
		if a.Kind != paging.Page || a.State != paging.Planned {
			continue
		}
		c.must(m, m.after.inc.Position != nil, "a page is planned though nobody may be paged now")
		c.must(m, refs[id] == paging.Planned, "a page is planned that the incident would not take back")
		c.must(m, !a.Due.IsZero(), "a planned page has a time")
	}
	for _, put := range m.res.Put {
		if _, report := m.cmd.(Reported); report && m.before != nil {
			old := m.before.attempts[put.Attempt.ID]
			c.must(m, put.Fence == "" || put.Fence == old.Token, "a report is fenced by the claim that it settles")
			continue
		}
		if m.before != nil {
			_, exists := m.before.attempts[put.Attempt.ID]
			c.must(m, !exists, "a new attempt has a new id")
		}
		c.must(m, put.Attempt.ID.Incident() == m.after.inc.ID, "an attempt's id begins with its incident")
		c.must(m, !put.Attempt.Deadline.Before(put.Attempt.Due.Add(minimumToSend)), "an attempt has time for a retry")
	}
}

// counts: the incident's numbers are those of its rows.
func (c *checker) counts(m moment) {
	c.t.Helper()
	var firing, ended, unlisted int
	for _, row := range m.after.members {
		switch {
		case !row.Firing:
			ended++
		case row.UnlistedAt.IsZero():
			firing++
		default:
			firing++
			unlisted++
		}
	}
	i := m.after.inc
	c.must(m, i.Firing == firing && i.Ended == ended && i.Unlisted == unlisted, "the counts agree with the members")
	_, again := m.cmd.(Fire) // a reopening firing has not come yet where the incident is resolved
	c.must(m, firing > 0 || !i.Open() || again, "an incident without a firing member is over")
}

// timeline: numbers have no gap, hashes chain, and the head is the last one.
func (c *checker) timeline(m moment) {
	c.t.Helper()
	entries := m.after.entries
	from := max(0, len(entries)-len(m.res.Entries)-1)
	prev := ""
	for n, e := range entries {
		if n >= from {
			c.must(m, e.Seq == n+1, "the timeline's numbers have no gap")
			c.must(m, n == from && n > 0 || e.Hash == e.chain(prev), "the timeline's hashes chain")
		}
		prev = e.Hash
	}
	c.must(m, m.after.inc.Seq == len(entries) && m.after.inc.Head == prev, "the incident knows its timeline's head")
}

// written: nothing is lost by writing it as JSON and reading it again.
func (c *checker) written(m moment) {
	c.t.Helper()
	if !m.res.Changed {
		return
	}
	var back Incident
	i := m.after.inc
	c.must(m, roundTrip(i, &back) == nil, "an incident can be written and read")
	back.Count, back.LastSeen = i.Count, i.LastSeen
	c.must(m, back.NextDue().Equal(i.NextDue()), "an incident that was read has the same timer")
	c.must(m, reflect.DeepEqual(bare(&back), bare(i)), "an incident that was read is the same")
	for _, put := range m.res.Put {
		var a paging.Attempt
		c.must(m, roundTrip(&put.Attempt, &a) == nil && a == put.Attempt, "an attempt that was read is the same")
	}
}

func roundTrip(from, to any) error {
	b, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, to)
}

// bare makes an empty list and no list the same.
func bare(i *Incident) *Incident {
	c := deep(i)
	for _, list := range []any{&c.Attempts, &c.Told, &c.Shadows, &c.SLAs, &c.Commands, &c.Reasons} {
		if v := reflect.ValueOf(list).Elem(); v.Len() == 0 {
			v.SetZero()
		}
	}
	return c
}

// repeats: what was there already only counts.
func (c *checker) repeats(m moment) {
	c.t.Helper()
	if id := m.cmd.CommandID(); id != "" {
		known := slices.Contains(m.before.inc.Commands, id)
		c.must(m, known == (m.res.Outcome.Kind == Known), "a known command id is recognised")
		c.must(m, !known || !m.res.Changed && len(m.res.Put)+len(m.res.Entries) == 0, "a known command does nothing")
		c.must(m, slices.Contains(m.after.inc.Commands, id), "a command id is remembered")
	}
	fire, ok := m.cmd.(Fire)
	if !ok || !IsRepeat(m.before.inc, m.pristine.Members[MemberKey{fire.Alert.Integration, fire.Alert.Identity}], fire) {
		return
	}
	r, was := m.res, deep(m.before.inc)
	was.Count, was.LastSeen = r.Incident.Count, r.Incident.LastSeen
	c.must(m, !r.Changed && len(r.Put)+len(r.Cancel)+len(r.Entries)+len(r.Members) == 0, "a repeat has no effect")
	c.must(m, r.Seen.N == 1 && r.Outcome.Kind == Repeated && reflect.DeepEqual(was, r.Incident), "a repeat only counts")
}

// clocks: a promise is warned of once and ends once.
func (c *checker) clocks(m moment) {
	c.t.Helper()
	type name struct {
		SLAKind
		int
	}
	before := map[name]SLA{}
	for _, s := range m.before.inc.SLAs {
		before[name{s.Kind, s.Step}] = s
	}
	running := 0
	for _, s := range m.after.inc.SLAs {
		ends := 0
		for _, at := range []time.Time{s.MetAt, s.Breached, s.Ended} {
			if !at.IsZero() {
				ends++
			}
		}
		c.must(m, ends <= 1, "a promise is met, breached or given up, once")
		was, known := before[name{s.Kind, s.Step}]
		c.must(m, !known || !was.Done() || was == s, "a clock that stopped stays as it is")
		c.must(m, !known || was.WarnedAt.IsZero() || was.WarnedAt.Equal(s.WarnedAt), "a promise is warned of once")
		c.must(m, !known || !s.Deadline.After(was.Deadline), "a promise's deadline never moves away")
		c.must(m, m.after.inc.Open() || s.Done(), "no clock runs on after the end")
		if !s.Done() && s.Kind == SLAAcknowledge {
			running++
		}
	}
	c.must(m, running <= 1 && (running == 0 || m.after.inc.State == Triggered), "one tier's clock runs at most, and none once acknowledged")
}

// severity: it never falls, and a rise takes the acknowledgement back.
func (c *checker) severity(m moment) {
	c.t.Helper()
	scale, was, is := m.env.Book.Scale, m.before.inc, m.after.inc
	c.must(m, !scale.MoreUrgent(was.Severity, is.Severity), "the severity never falls")
	if !scale.MoreUrgent(is.Severity, was.Severity) {
		return
	}
	c.must(m, is.State != Acknowledged, "a rise takes the acknowledgement back")
	if was.Position != nil && is.Position != nil && is.Position.Stage == StageTier && was.Position.Deadline.After(m.env.Now) {
		c.must(m, !is.Position.Deadline.After(was.Position.Deadline), "a rise never moves the deadline away")
	}
}

// told: who was paged hears of an acknowledgement, but for its giver.
func (c *checker) told(m moment) {
	c.t.Helper()
	if m.after.inc.State != Acknowledged || m.before.inc.State == Resolved {
		return
	}
	by := m.after.inc.Ack.By.User
	want := map[Told]int{}
	for _, t := range m.after.inc.Told {
		if t.User != by && (m.before.inc.State != Acknowledged || !slices.Contains(m.before.inc.Told, t)) {
			want[t]++
		}
	}
	for _, put := range m.res.Put {
		a := put.Attempt
		if _, report := m.cmd.(Reported); report && put.Fence != "" || a.Kind != paging.Notice || a.What != "acked" || a.State != paging.Planned {
			continue
		}
		want[Told{User: a.User, Contact: paging.Contact{Name: a.Contact, Channel: a.Channel, Address: a.Address}}]--
	}
	c.shadowsHear(m, want)
	for _, n := range want {
		c.must(m, n == 0 || knownReceipt(m), "everyone who heard of it hears of its acknowledgement once")
	}
}

// knownReceipt is a provider's word about a notice: it puts that notice's row again.
func knownReceipt(m moment) bool {
	r, ok := m.cmd.(Reported)
	return ok && m.before.attempts[r.Report.Attempt].Kind == paging.Notice
}

// users are the people of the pages that res plans.
func plannedUsers(res Result) (names []schedules.UserID) {
	for _, put := range res.Put {
		if a := put.Attempt; a.Kind == paging.Page && a.State == paging.Planned && !slices.Contains(names, a.User) {
			names = append(names, a.User)
		}
	}
	slices.Sort(names)
	return names
}
