package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"tocsin/escalation"
	"tocsin/paging"
	"tocsin/schedules"
)

const (
	// answerKept is how long the answer to a text is given again when the text comes again.
	answerKept = 72 * time.Hour
	// answeredMisses is how many texts in a row that lead to nothing are answered. A gateway
	// that answers an auto-reply would talk to it for ever, and guessing codes gets nowhere.
	answeredMisses = 5
)

// Text is a message from a phone.
type Text struct {
	ID   string // the provider's id of the message; the same text again has the same
	From string // E.164
	Body string
	Kept bool `json:"-"` // it came earlier, and nobody waits for the answer
}

// Reply does what a text asks for and returns the answer; an empty answer means silence. The
// same text again gets the same answer without a second effect. An error means that nothing
// may have been stored and the sender should be told to try again.
func (e *Engine) Reply(ctx context.Context, in Text) (string, error) {
	proof := "text:" + in.ID
	if answer, seen, err := e.store.Once(ctx, proof, e.Now()); err != nil || seen {
		return answer, unavailable(err)
	}
	answer, err := e.answer(ctx, in)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout) // it is done, whoever still listens
	defer cancel()
	if err := e.store.SetOnce(ctx, proof, answer, e.Now(), answerKept); err != nil {
		e.log.Warn("an answered text could not be marked; sent again it is judged again", "error", err)
	}
	return answer, nil
}

func unavailable(err error) error {
	if err == nil {
		return nil
	}
	return errors.Join(ErrUnavailable, err)
}

// talk is one text being answered: who sent it and what was texted to that phone.
type talk struct {
	e     *Engine
	in    Text
	now   time.Time
	user  *paging.User
	codes []paging.Code
	incs  map[paging.IncidentID]*escalation.Incident
	texts paging.Texts
}

func (e *Engine) answer(ctx context.Context, in Text) (string, error) {
	user := e.userOf(in.From)
	if user == nil {
		e.log.Info("a text from an unknown number is not answered")
		return "", nil
	}
	t := &talk{e: e, in: in, now: e.Now(), user: user}
	t.texts = paging.Texts{Zone: user.Location, Now: t.now}
	reply, ok := paging.ParseReply(in.Body)
	switch {
	case !ok:
		return t.miss(ctx, t.texts.Help())
	case reply.Action == paging.ReplyCarrier:
		return "", nil
	}
	if err := t.load(ctx, reply); err != nil {
		return "", unavailable(err)
	}
	return t.act(ctx, reply)
}

// userOf finds whose number this is. Contacts from config files count as verified.
func (e *Engine) userOf(phone string) *paging.User {
	var names []schedules.UserID
	users := e.Book().Users
	for name, u := range users {
		for _, c := range u.Contacts {
			if c.Channel == paging.SMS && c.Address == phone {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	return users[slices.Min(names)]
}

func (t *talk) act(ctx context.Context, r paging.Reply) (string, error) {
	switch r.Action {
	case paging.ReplyList:
		return t.texts.List(t.open(nil)), nil
	case paging.ReplyWho:
		return t.who(r.Codes), nil
	case paging.ReplyAckAll:
		if t.e.Book().StrongCodes {
			return t.miss(ctx, t.texts.List(t.open(nil)))
		}
		return t.ackAll(ctx)
	case paging.ReplyBareAck:
		waiting := t.open(func(i *escalation.Incident) bool { return t.awaits(i) })
		if len(waiting) != 1 || t.e.Book().StrongCodes {
			return t.texts.List(t.open(nil)), nil
		}
		return t.perform(ctx, paging.Reply{Action: paging.ReplyAck, Codes: []string{waiting[0].Code}})
	default:
		return t.perform(ctx, r)
	}
}

// open lists the open incidents that were texted to this phone, most urgent first.
func (t *talk) open(want func(*escalation.Incident) bool) []paging.Line {
	var lines []paging.Line
	var ranks []int
	scale := t.e.Book().Scale
	for _, id := range t.known() {
		inc := t.incs[id]
		if inc == nil || !inc.Open() || (want != nil && !want(inc)) {
			continue
		}
		line, rank := t.line(inc), scale.Rank(inc.Severity)
		at := len(lines)
		for at > 0 && ranks[at-1] > rank {
			at--
		}
		lines, ranks = slices.Insert(lines, at, line), slices.Insert(ranks, at, rank)
	}
	return lines
}

// known lists the incidents of this phone in the order in which they were texted.
func (t *talk) known() []paging.IncidentID {
	var ids []paging.IncidentID
	for _, c := range t.codes {
		for _, id := range c.Incidents {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// codeFor is the code of an incident on this phone: its own rather than a bundle's.
func (t *talk) codeFor(id paging.IncidentID) string {
	best, size := "", 0
	for _, c := range t.codes {
		if slices.Contains(c.Incidents, id) && (best == "" || len(c.Incidents) < size) {
			best, size = c.Code, len(c.Incidents)
		}
	}
	return best
}

func (t *talk) line(inc *escalation.Incident) paging.Line {
	l := paging.Line{Code: t.codeFor(inc.ID), Title: inc.Title, Severity: string(inc.Severity)}
	switch {
	case inc.State == escalation.Acknowledged && inc.Ack != nil:
		l.By, l.At = inc.Ack.By.Name, inc.Ack.At
	case inc.Position != nil:
		l.Next, l.NextAt = t.next(inc), inc.Position.Deadline
	}
	return l
}

// next names who is paged after the present step, as the tier's name says it.
func (t *talk) next(inc *escalation.Incident) string {
	p := t.e.Book().Policy(inc.Policy)
	if i := inc.Position.Index + 1; inc.Position.Stage == escalation.StageTier && i < len(p.Tiers) {
		return p.Tiers[i].Name
	}
	return escalation.FallbackName
}

func (t *talk) who(codes []string) string {
	lines := t.open(nil)
	if len(codes) > 0 {
		lines = slices.DeleteFunc(lines, func(l paging.Line) bool { return !slices.Contains(codes, l.Code) })
		if len(lines) == 0 {
			return t.texts.NoOpenPage(codes[0], t.open(nil))
		}
	}
	return t.texts.Who(lines)
}

// awaits says whether a word without a code can acknowledge the incident: a polite "ok" of a
// shadow cannot.
func (t *talk) awaits(i *escalation.Incident) bool {
	return i.State == escalation.Triggered && !i.OnlyLearns(t.user.Name)
}

func (t *talk) ackAll(ctx context.Context) (string, error) {
	var ids []paging.IncidentID
	for _, id := range t.known() {
		if inc := t.incs[id]; inc != nil && t.awaits(inc) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return t.texts.List(t.open(nil)), nil
	}
	return t.command(ctx, paging.Reply{Action: paging.ReplyAck}, ids)
}

// perform does what a reply with codes asks for. A code belongs to the exact number texted.
func (t *talk) perform(ctx context.Context, r paging.Reply) (string, error) {
	var ids []paging.IncidentID
	for _, code := range r.Codes {
		i := slices.IndexFunc(t.codes, func(c paging.Code) bool { return c.Code == code })
		if i < 0 {
			return t.miss(ctx, t.texts.NoOpenPage(code, t.open(nil)))
		}
		if u, ok := t.e.Book().Users[t.codes[i].User]; ok {
			t.user = u
		}
		for _, id := range t.codes[i].Incidents {
			if t.incs[id] != nil && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	if len(ids) == 0 {
		return t.nothing(ctx, r)
	}
	return t.command(ctx, r, ids)
}

// nothing answers a text about incidents of which none is there.
func (t *talk) nothing(ctx context.Context, r paging.Reply) (string, error) {
	if err := t.fetchAll(ctx); err != nil {
		return "", unavailable(err)
	}
	if len(r.Codes) == 0 {
		return t.texts.List(t.open(nil)), nil
	}
	return t.miss(ctx, t.texts.NoOpenPage(r.Codes[0], t.open(nil)))
}

func (t *talk) command(ctx context.Context, r paging.Reply, ids []paging.IncidentID) (string, error) {
	by := escalation.Actor{User: t.user.Name, Name: string(t.user.Name), Via: paging.SMS, From: t.in.From}
	outcomes, err := t.e.DoAll(ctx, ids, func(id paging.IncidentID) escalation.Command {
		return commandFor(r, "text:"+t.in.ID+":"+string(id), by)
	})
	if err != nil {
		return "", err
	}
	ids, outcomes = t.judged(ids, outcomes)
	if len(ids) == 0 {
		clear(t.incs) // the others may be gone, too
		return t.nothing(ctx, r)
	}
	t.hit(ctx)
	if len(ids) == 1 {
		return t.tellOne(r, ids[0], outcomes[0]), nil
	}
	return t.tellSeveral(r, ids, outcomes), nil
}

// judged keeps what was judged, as it stands now. What was loaded can be gone when the command
// comes to it: another server has taken the store's place, which never had it. Then nothing was done.
func (t *talk) judged(ids []paging.IncidentID, outcomes []escalation.Outcome) (there []paging.IncidentID, of []escalation.Outcome) {
	for i, id := range ids {
		if t.incs[id] = outcomes[i].Incident; t.incs[id] != nil {
			there, of = append(there, id), append(of, outcomes[i])
		}
	}
	return there, of
}

func commandFor(r paging.Reply, id string, by escalation.Actor) escalation.Command {
	switch r.Action {
	case paging.ReplyResolve:
		return escalation.Resolve{ID: id, By: by}
	case paging.ReplyEscalate:
		return escalation.Escalate{ID: id, By: by}
	case paging.ReplySnooze:
		return escalation.Snooze{ID: id, By: by, For: r.For}
	case paging.ReplyUndo:
		return escalation.Undo{ID: id, By: by}
	default:
		return escalation.Acknowledge{ID: id, By: by}
	}
}

// tellOne confirms the effect on one incident with its title, who and when.
func (t *talk) tellOne(r paging.Reply, id paging.IncidentID, o escalation.Outcome) string {
	inc, code := t.incs[id], t.codeFor(id)
	title := inc.Title
	switch o.Kind {
	case escalation.AlreadyOver:
		return t.texts.AlreadyResolved(code, title, o.By.Name, o.At)
	case escalation.AlreadyAcked:
		return t.texts.AlreadyAcked(code, title, o.By.Name, o.At)
	case escalation.NotAcked:
		return t.texts.NotAcked(code, title)
	case escalation.StillFiring:
		return t.texts.StillFiring(code, title)
	case escalation.Known:
		if stands := t.stands(r, inc, code); stands != "" {
			return stands
		}
	}
	switch r.Action {
	case paging.ReplyResolve:
		return t.texts.Resolved(code, title, t.now)
	case paging.ReplyEscalate:
		return t.texts.PassedOn(code, title, t.now, paged(inc))
	case paging.ReplyUndo:
		return t.texts.Undone(code, title)
	}
	if inc.Ack == nil {
		return t.texts.Acked(code, title, t.now, time.Time{})
	}
	if r.Action == paging.ReplySnooze {
		return t.texts.Snoozed(code, title, inc.Ack.Expires)
	}
	return t.texts.Acked(code, title, inc.Ack.At, inc.Ack.Expires)
}

// paged names the first person of the step that runs now.
func paged(inc *escalation.Incident) string {
	for _, ref := range inc.Attempts {
		if ref.Step == inc.Steps {
			return string(ref.User)
		}
	}
	return ""
}

func (t *talk) tellSeveral(r paging.Reply, ids []paging.IncidentID, outcomes []escalation.Outcome) string {
	var lines []paging.Line
	for i, id := range ids {
		k := outcomes[i].Kind
		known := k == escalation.Known && t.stands(r, t.incs[id], "") == ""
		if known || k == escalation.Done || k == escalation.StillFiring {
			lines = append(lines, t.line(t.incs[id]))
		}
	}
	switch {
	case len(lines) == 0:
		return t.tellOne(r, ids[0], outcomes[0])
	case r.Action == paging.ReplyAck || r.Action == paging.ReplySnooze || outcomes[0].Kind == escalation.StillFiring:
		return t.texts.AckedSeveral(lines, t.now)
	case r.Action == paging.ReplyResolve:
		return t.texts.ResolvedSeveral(lines, t.now)
	default:
		return t.texts.List(t.open(nil))
	}
}
