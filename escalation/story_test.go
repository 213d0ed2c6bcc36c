package escalation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/paging"
	"tocsin/routing"
	"tocsin/schedules"
)

// A story is lines of "time  command | expectation, expectation". Nobody is paged and nobody
// is told unless the line says so.
//
//	03:00 fire a P1 hold=yes        03:05 timer           03:01 ana acks id=x
//	03:00 sent ana                  03:02 end a           03:10 book renamed
//
// expectations: an outcome ("opened"), a class of state ("tier", "held"), "at primary",
// "pages ana cleo+2m cleo/work+4m", "tells ben", "memos ana", "cancels ana", "until 03:05" (of the step),
// "due 03:05" (earliest timer), "expires 03:30", "by ana", "says words", "round 1", "run 2",
// "counts firing/ended/unlisted", "severity P0", "sla respond met", "unchanged", "incident 2".
type story struct{ name, text string }

// storyteller runs one story.
type storyteller struct {
	*require.Assertions
	books map[string]*Book
	w     *world
	res   Result
}

func tellAll(t *testing.T, stories []story) {
	books := storyBooks()
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			teller := &storyteller{Assertions: require.New(t), books: books, w: &world{book: books["base"]}}
			teller.w.check = newChecker(t).check
			for line := range strings.Lines(s.text) {
				if line = strings.TrimSpace(line); line != "" {
					teller.line(line)
				}
			}
			r := teller.w.last()
			teller.Zero(VerifyTimeline(r.entries, r.inc.Head), "the timeline does not verify")
		})
	}
}

func (s *storyteller) line(line string) {
	head, expected, _ := strings.Cut(line, "|")
	words := strings.Fields(head)
	at, words := words[0], words[1:]
	if at == "+1" {
		at, words = "+1 "+words[0], words[1:]
	}
	s.w.now = clock(at)
	s.run(words)
	said := map[string]bool{}
	for _, e := range strings.Split(expected, ",") {
		if e = strings.TrimSpace(e); e != "" {
			what, rest, _ := strings.Cut(e, " ")
			said[what] = true
			s.expect(line, what, rest)
		}
	}
	for _, what := range []string{"pages", "tells", "memos"} {
		if !said[what] {
			s.expect(line, what, "")
		}
	}
}

// run gives the command of a line to the world.
func (s *storyteller) run(words []string) {
	words, opts := options(words)
	r := s.w.last()
	switch words[0] {
	case "fire":
		s.res = s.w.do(r, s.w.fire(s.w.alert(words[1], words[2], opts)))
	case "memo":
		s.res = s.w.do(r, s.w.memo(schedules.UserID(words[1]), opts["text"]))
	case "end":
		s.res = s.w.do(r, s.end(words[1], opts))
	case "unlist":
		s.res = s.w.do(r, Unlist{Member: MemberKey{"prom", words[1]}})
	case "timer":
		s.res = s.w.do(r, TimerDue{})
	case "book":
		s.w.book = s.books[strings.Join(words[1:], " ")]
		s.res = s.w.do(r, Rejudge{})
	case "begin":
		s.True(s.w.begin(r, s.attempt(words[1]).ID), "%v could not begin", words)
		s.res = Result{Incident: r.inc}
	case "sent", "failed", "retry", "delivered", "stale", "receipt":
		s.res = s.w.do(r, Reported{Report: s.report(words)})
	default:
		s.res = s.w.do(r, act(words, opts["id"]))
	}
}

// options splits "name=value" from the plain words.
func options(all []string) (words []string, opts map[string]string) {
	opts = map[string]string{}
	for _, word := range all {
		if name, value, ok := strings.Cut(word, "="); ok {
			opts[name] = value
		} else {
			words = append(words, word)
		}
	}
	return words, opts
}

func (s *storyteller) end(identity string, opts map[string]string) End {
	c := End{Member: MemberKey{"prom", identity}, Moved: opts["moved"]}
	if c.Moved == "" {
		c.Alert = s.w.alert(identity, "", nil)
		c.Alert.Status = routing.Resolved
	}
	if ends := opts["ends"]; ends != "" {
		c.Alert.EndsAt = clock(ends)
	}
	return c
}

// act is what a person does: "ana snoozes 30m".
func act(words []string, id string) Command {
	by := Actor{User: schedules.UserID(words[0]), Name: words[0], Via: "sms"}
	if by.Name == "robot" { // a token is nobody of the book
		by.User = ""
	}
	switch words[1] {
	case "acks":
		return Acknowledge{ID: id, By: by}
	case "snoozes":
		return Snooze{ID: id, By: by, For: must(time.ParseDuration(words[2]))}
	case "resolves", "closes":
		return Resolve{ID: id, By: by, Force: words[1] == "closes"}
	case "escalates":
		return Escalate{ID: id, By: by}
	case "undoes":
		return Undo{ID: id, By: by}
	case "reassigns":
		return Reassign{ID: id, By: by, Targets: targetsOf(words[2:]...)}
	}
	panic("no such act: " + words[1])
}

// attempt finds the earliest attempt of "user", "user/contact" or "notice:user" or "memo:user" that is under
// way, else the latest one.
func (s *storyteller) attempt(who string) paging.Attempt {
	kind := paging.Page
	if rest, ok := strings.CutPrefix(who, "notice:"); ok {
		kind, who = paging.Notice, rest
	}
	if rest, ok := strings.CutPrefix(who, "memo:"); ok {
		kind, who = paging.Memo, rest
	}
	user, contact, _ := strings.Cut(who, "/")
	rows := s.w.last().rows(func(a paging.Attempt) bool {
		return a.Kind == kind && string(a.User) == user && (contact == "" || a.Contact == contact)
	})
	s.NotEmpty(rows, "%s has no attempt", who)
	if i := slices.IndexFunc(rows, func(a paging.Attempt) bool { return a.State.Live() }); i >= 0 {
		return rows[i]
	}
	return rows[len(rows)-1]
}

// report reads "sent ana", "failed ana", "retry ana 03:07" (begun first if need be), "stale
// sent ana", and "receipt delivered ana 3", the provider's word with its rank.
func (s *storyteller) report(words []string) paging.Report {
	kind := words[0]
	if kind == "stale" || kind == "receipt" {
		words = words[1:]
	}
	a := s.attempt(words[1])
	r := paging.Report{Attempt: a.ID, Result: paging.Result(words[0]), At: s.w.now, Reason: "because"}
	switch kind {
	case "stale":
		r.Token = "of another time"
	case "receipt":
		r.ProviderRank = must(strconv.Atoi(words[2]))
	default:
		s.w.begin(s.w.last(), a.ID)
		r.Token = s.w.last().attempts[a.ID].Token
	}
	if r.Result == paging.ResultRetry {
		r.RetryAt = clock(words[2])
	}
	return r
}

var outcomes = []OutcomeKind{Done, Opened, Reopened, Repeated, Recorded, Known, AlreadyAcked, AlreadyOver, StillFiring, NotAcked, NoIncident, Stale}

// expect checks one expectation.
func (s *storyteller) expect(line, what, rest string) {
	inc := s.res.Incident
	if r := s.w.last(); r != nil {
		inc = r.inc
	}
	if slices.Contains(outcomes, OutcomeKind(what)) {
		s.Equal(OutcomeKind(what), s.res.Outcome.Kind, line)
		return
	}
	switch what {
	case "pages", "tells", "memos", "cancels":
		s.ElementsMatch(strings.Fields(rest), s.who(what), "%s: %s", line, what)
	case "at":
		s.Equal(rest, inc.Position.Name, line)
	case "until":
		s.Equal(clock(rest), inc.Position.Deadline, line)
	case "due":
		s.Equal(clock(rest), inc.NextDue(), line)
	case "expires":
		s.Equal(clock(rest), inc.Ack.Expires, line)
	case "by":
		s.Equal(rest, s.res.Outcome.By.Name, line)
	case "says":
		s.Contains(texts(s.res.Entries), rest, line)
	case "round":
		s.Equal(rest, strconv.Itoa(inc.Position.Round), line)
	case "run":
		s.Equal(rest, strconv.Itoa(inc.Run), line)
	case "counts":
		s.Equal(rest, fmt.Sprintf("%d/%d/%d", inc.Firing, inc.Ended, inc.Unlisted), line)
	case "severity":
		s.Equal(rest, string(inc.Severity), line)
	case "sla":
		s.Equal(rest, slaWord(inc, strings.Fields(rest)[0]), line)
	case "unchanged":
		s.False(s.res.Changed, line)
	case "incident":
		s.Equal(rest, strconv.Itoa(len(s.w.records)), line)
	default:
		s.Equal(what, class(inc), line)
	}
}

// who lists the people of the attempts that the step planned or took back.
func (s *storyteller) who(what string) (names []string) {
	name := func(a paging.Attempt) string {
		text := string(a.User)
		if a.Contact != "mobile" {
			text += "/" + a.Contact
		}
		if wait := a.Due.Sub(s.w.now); wait > 0 {
			text += "+" + short(wait)
		}
		return text
	}
	if what == "cancels" {
		for _, c := range s.res.Cancel {
			names = append(names, string(s.w.last().attempts[c.ID].User))
		}
		return names
	}
	kind := map[string]paging.Kind{"pages": paging.Page, "tells": paging.Notice, "memos": paging.Memo}[what]
	for _, put := range s.res.Put {
		if put.Attempt.Kind == kind && put.Attempt.State == paging.Planned {
			names = append(names, name(put.Attempt))
		}
	}
	return names
}

func texts(entries []Entry) string {
	var all []string
	for _, e := range entries {
		all = append(all, e.Text)
	}
	return strings.Join(all, "\n")
}

// slaWord tells how the newest clock of that kind stands: "respond met".
func slaWord(inc *Incident, kind string) string {
	word := kind + " none"
	for _, s := range inc.SLAs {
		if string(s.Kind) != kind {
			continue
		}
		switch {
		case !s.Breached.IsZero():
			word = kind + " breached"
		case !s.MetAt.IsZero():
			word = kind + " met"
		case !s.Ended.IsZero():
			word = kind + " ended"
		case !s.WarnedAt.IsZero():
			word = kind + " warned"
		default:
			word = kind + " running"
		}
	}
	return word
}
