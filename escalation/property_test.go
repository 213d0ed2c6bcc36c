package escalation

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/paging"
	"tocsin/schedules"
)

// Sequences of a plain run, and from how many on every pair of state and command must have
// been seen often.
const (
	fewSequences  = 1000
	manySequences = 10_000
	seenOften     = 100
)

// TestProperties ensures that whatever happens in whatever order, every Step keeps the rules
// of the checker, and an incident that nobody takes pages somebody or ends. The number of
// sequences is that of -rapid.checks or TOCSIN_SEQUENCES.
func TestProperties(t *testing.T) {
	n := sequences(t)
	books, seen := bookShelf(), pairs{}
	rapid.Check(t, func(rt *rapid.T) { sequence(rt, books, seen) })
	if n >= manySequences {
		seen.require(t)
	}
}

// FuzzStep ensures the same for sequences that the fuzzer makes from bytes.
func FuzzStep(f *testing.F) {
	books := bookShelf()
	for seed := range byte(4) {
		bytes := make([]byte, 16<<10)
		_, _ = rand.NewChaCha8([32]byte{seed}).Read(bytes) // never fails
		f.Add(bytes)
	}
	f.Fuzz(rapid.MakeFuzz(func(rt *rapid.T) { sequence(rt, books, pairs{}) }))
}

// sequences sets how many checks rapid makes in this test, and returns it.
func sequences(t *testing.T) int {
	checks := flag.Lookup("rapid.checks")
	before, given := checks.Value.String(), false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == checks.Name })
	if !given {
		n := strconv.Itoa(fewSequences)
		if env := os.Getenv("TOCSIN_SEQUENCES"); env != "" {
			n = env
		}
		require.NoError(t, checks.Value.Set(n))
		t.Cleanup(func() { require.NoError(t, checks.Value.Set(before)) })
	}
	n, err := strconv.Atoi(checks.Value.String())
	require.NoError(t, err)
	return n
}

// bookShelf is the books of the stories in a fixed order, the base first.
func bookShelf() []*Book {
	named := storyBooks()
	shelf := []*Book{named["base"]}
	for _, name := range []string{"unquiet", "stricter", "renamed", "policy gone", "scale", "only dana", "nobody", "no policies"} {
		shelf = append(shelf, named[name])
	}
	return shelf
}

// pairs counts how often a command met an incident in a class of state.
type pairs map[string]map[string]int

// Every class can meet every command, so no pair is impossible.
var classes = []string{"none", "held", "muted", "suppressed", "tier", "waiting", "acknowledger", "fallback", "acknowledged", "snoozed", "resolved", "memo"}

func (p pairs) count(m moment) {
	var inc *Incident
	if m.before != nil {
		inc = m.before.inc
	}
	at := class(inc)
	if p[at] == nil {
		p[at] = map[string]int{}
	}
	p[at][fmt.Sprintf("%T", m.cmd)]++
}

// require checks that every pair was seen often.
func (p pairs) require(t *testing.T) {
	commands := []Command{Fire{}, End{}, Unlist{}, Acknowledge{}, Snooze{}, Resolve{}, Escalate{}, Undo{}, Reassign{}, Reported{}, TimerDue{}, Rejudge{}}
	for _, at := range classes {
		for _, cmd := range commands {
			name := fmt.Sprintf("%T", cmd)
			if n := p[at][name]; n < seenOften {
				t.Errorf("%s met %s only %d times", name, at, n)
			}
		}
	}
}

// sequence lets a world live through 5 to 60 random events, under the eyes of the checker.
func sequence(rt *rapid.T, books []*Book, seen pairs) {
	p := &player{T: rt, books: books, world: &world{book: books[0], now: clock("02:58")}}
	c := newChecker(rt)
	p.world.check = func(m moment) {
		rt.Logf("%s %s: %s", m.env.Now.Format("15:04:05"), brief(m.cmd), class(m.res.Incident))
		seen.count(m)
		c.check(m)
	}
	even(p, "opening", openings())(p)
	p.command()
	for range rapid.IntRange(4, 59).Draw(rt, "events") {
		even(p, "event", events())(p)
	}
	p.drain()
	for _, r := range p.records {
		if bad := VerifyTimeline(r.entries, r.inc.Head); bad != 0 {
			rt.Fatalf("entry %d of a timeline does not verify", bad)
		}
	}
}

// player draws what happens in a world.
type player struct {
	*rapid.T
	*world
	books  []*Book
	target *record // nil means the last one
}

func pick[V any](p *player, what string, values ...V) V {
	return rapid.SampledFrom(values).Draw(p.T, what)
}

// even draws with equal chances, bit by bit, while rapid by itself prefers what comes first.
func even[V any](p *player, what string, values []V) V {
	n := 0
	for range 7 {
		n *= 2
		if rapid.Bool().Draw(p.T, what) {
			n++
		}
	}
	return values[n%len(values)]
}

// events are drawn evenly; what is named twice happens twice as often.
func events() []func(*player) {
	return []func(*player){(*player).command, (*player).command, (*player).past, (*player).together, (*player).next, (*player).next, (*player).next,
		(*player).phone, (*player).phone, (*player).wait, (*player).wait, (*player).jump, (*player).reload}
}

// command gives one of the twelve to an incident.
func (p *player) command() {
	cmd := p.draw()
	if _, fire := cmd.(Fire); fire || p.target == nil {
		p.do(p.last(), cmd)
		return
	}
	p.do(p.target, cmd)
}

// together judges two commands in one commit: it must leave the same as one commit each.
func (p *player) together() {
	if len(p.records) == 0 {
		return
	}
	a, b := p.draw(), p.draw()
	folded := &world{book: p.book, now: p.now, serial: p.serial, records: []*record{p.last().copy()}}
	folded.fold(folded.last(), a, b)
	p.do(p.last(), a)
	p.do(p.last(), b)
	one, two := folded.last(), p.last()
	if !reflect.DeepEqual(bare(one.inc), bare(two.inc)) || !reflect.DeepEqual(one.members, two.members) || !reflect.DeepEqual(one.attempts, two.attempts) {
		p.Fatalf("rule broken: folding changes nothing\n%s\n%s", brief(a), brief(b))
	}
}

// draw is one of the twelve commands, drawn evenly.
func (p *player) draw() Command {
	commands := []func(*player) Command{(*player).fires, (*player).ends,
		func(p *player) Command { return Unlist{Member: p.member()} },
		func(p *player) Command { return Acknowledge{ID: p.id(), By: p.who()} },
		func(p *player) Command {
			return Snooze{ID: p.id(), By: p.who(), For: pick(p, "for", 0, time.Minute, time.Hour)}
		},
		func(p *player) Command { return Resolve{ID: p.id(), By: p.who(), Force: pick(p, "force", false, true)} },
		func(p *player) Command { return Escalate{ID: p.id(), By: p.who()} },
		func(p *player) Command { return Undo{ID: p.id(), By: p.who()} },
		func(p *player) Command {
			return Reassign{ID: p.id(), By: p.who(), Targets: targetsOf(pick(p, "to", "user:ben", "team:everyone", "user:ghost", "schedule:rota", "schedule:school"))}
		},
		(*player).reports, func(*player) Command { return TimerDue{} }, func(*player) Command { return Rejudge{} }}
	return even(p, "command", commands)(p)
}

// past gives a command to any incident, old ones too.
func (p *player) past() {
	if len(p.records) > 0 {
		p.target = p.records[rapid.IntRange(0, len(p.records)-1).Draw(p.T, "which")]
	}
	p.command()
	p.target = nil
}

// next goes on to the incident's timer, a little late perhaps.
func (p *player) next() {
	r := p.last()
	if r == nil {
		return
	}
	if due := r.inc.NextDue(); due.After(p.now) {
		p.now = due.Add(pick(p, "late", 0, time.Second))
	}
	p.do(r, TimerDue{})
}

func (p *player) wait() {
	p.now = p.now.Add(pick(p, "wait", time.Second, 30*time.Second, time.Minute, 2*time.Minute, 5*time.Minute, 11*time.Minute, time.Hour))
}

// jump is a clock that is set, forward or back.
func (p *player) jump() {
	p.now = p.now.Add(pick(p, "jump", -time.Second, -time.Minute, -50*time.Minute, 3*time.Hour, 25*time.Hour))
}

func (p *player) reload() {
	p.book = p.books[rapid.IntRange(0, len(p.books)-1).Draw(p.T, "book")]
	if r := p.last(); r != nil && pick(p, "judge", true, false) {
		p.do(r, Rejudge{})
	}
}

// phone works off an attempt as delivery does: begun, then reported.
func (p *player) phone() {
	r := p.last()
	if r == nil {
		return
	}
	live := r.rows(func(a paging.Attempt) bool { return a.State.Live() })
	if len(live) == 0 {
		return
	}
	a := live[0]
	p.begin(r, a.ID)
	if pick(p, "result", true, true, false) {
		p.do(r, Reported{Report: p.report(r.attempts[a.ID])})
	}
}

func (p *player) reports() Command {
	r := p.last()
	if p.target != nil {
		r = p.target
	}
	if r == nil || len(r.attempts) == 0 {
		return Reported{Report: paging.Report{Attempt: "unheard-of"}}
	}
	a := pick(p, "attempt", r.rows(func(paging.Attempt) bool { return true })...)
	report := p.report(a)
	report.Token = pick(p, "token", a.Token, "", "stale")
	if report.Token == "" {
		report.ProviderRank = pick(p, "rank", 0, 1, 2, 3)
	}
	return Reported{Report: report}
}

func (p *player) report(a paging.Attempt) paging.Report {
	return paging.Report{Attempt: a.ID, Token: a.Token, At: p.now, RetryAt: p.now.Add(time.Minute), Reason: "because", ProviderID: "SM1",
		Result: pick(p, "result", paging.ResultSent, paging.ResultSent, paging.ResultFailed, paging.ResultFailed, paging.ResultRetry, paging.ResultDelivered, paging.ResultReceipt)}
}

// fires is an alert of the one trouble; a repeat is sometimes only counted, as by the engine.
func (p *player) fires() Command {
	if r := p.last(); r != nil && r.inc.Memo { // a memo's key leads to no alert but its own
		return p.memo(pick(p, "to", schedules.UserID("ana"), "ben", "ghost"), pick(p, "text", "one", "another"))
	}
	opts := map[string]string{"in": pick(p, "in", "prom", "prom", "short")}
	if label := pick(p, "label", "", "", "", "hold", "mute", "suppress", "policy", "source"); label != "" {
		opts[label] = map[string]string{"hold": "yes", "mute": "yes", "suppress": "yes", "policy": pick(p, "policy", "ladder", "gap", "toothless", "lonely", "twins", "school"), "source": TestSource}[label]
	}
	if start := pick(p, "start", "", "02:50", "02:55"); start != "" {
		opts["start"] = start
	}
	fire := p.fire(p.alert(pick(p, "alert", "a", "b", "c"), pick(p, "word", "P0", "P1", "P2", "P2", "?"), opts))
	if fire.Decision.Dropped != "" { // such a decision reaches no incident
		return Rejudge{}
	}
	if r := p.last(); r != nil && pick(p, "touch", false, true) && IsRepeat(r.inc, r.members[MemberKey{fire.Alert.Integration, fire.Alert.Identity}], fire) {
		p.apply(r, Result{Incident: r.inc, Seen: Seen{N: 1, At: p.now}})
	}
	return fire
}

func (p *player) member() MemberKey {
	return MemberKey{pick(p, "in", "prom", "prom", "short"), pick(p, "alert", "a", "b", "c")}
}

func (p *player) ends() Command {
	c := End{Member: p.member(), Moved: pick(p, "moved", "", "", "inc0")}
	if c.Moved == "" {
		c.Alert.EndsAt = pick(p, "ends", time.Time{}, clock("02:40"), p.now)
	}
	return c
}

// id is mostly new, at times one that was there before, or none.
func (p *player) id() string {
	return pick(p, "id", "", "x", "y", strconv.Itoa(p.serial), strconv.Itoa(p.serial))
}

func (p *player) who() Actor {
	return pick(p, "who", Actor{User: "ana", Name: "ana", Via: "sms"}, Actor{User: "ben", Name: "ben", Via: "sms"},
		Actor{User: "dana", Name: "dana", Via: "api"}, Actor{Name: "prom", Via: "source"})
}

// drain lets time pass without anybody acting: an incident pages somebody, or ends.
func (p *player) drain() {
	r := p.last()
	if r == nil || !slices.ContainsFunc([]string{"ana", "ben", "cleo", "dana"}, p.canReach) {
		return
	}
	for range 60 {
		if !r.inc.Open() {
			return
		}
		if due := r.inc.NextDue(); due.After(p.now) {
			p.now = due
		}
		if len(plannedUsers(p.do(r, TimerDue{}))) > 0 {
			return
		}
	}
	p.Fatalf("nobody is paged and it does not end: %s", class(r.inc))
}

func (p *player) canReach(user string) bool {
	return len(reachable(Env{Book: p.book, Now: p.now}, targetsOf("user:"+user))) > 0
}

// openings bring a world into each class of state, so that rare ones are met often, too.
func openings() []func(*player) {
	at := func(start string, severity, label string, more ...func(*player)) func(*player) {
		return func(p *player) {
			p.now = clock(start)
			_, opts := options([]string{label})
			p.do(nil, p.fire(p.alert("a", severity, opts)))
			for _, step := range more {
				step(p)
			}
		}
	}
	acts := func(words ...string) func(*player) {
		return func(p *player) { p.do(p.last(), act(words, "")) }
	}
	memo := func(p *player) {
		p.now = clock("09:00")
		p.do(nil, p.memo(pick(p, "to", schedules.UserID("ana"), "cleo", "eve", "ghost"), "one"))
	}
	waiting := at("03:00", "P1", "policy=p", (*player).failAll)
	held, muted, suppressed := at("03:00", "P1", "hold=yes"), at("03:00", "P1", "mute=yes"), at("03:00", "P2", "suppress=yes")
	return []func(*player){
		func(*player) {},
		held, held, held, muted, muted, muted, suppressed, suppressed, suppressed, // they are soon over
		at("03:00", "P1", "policy=p"), at("03:00", "P0", "policy=ladder"), at("03:00", "P1", "policy=toothless"),
		waiting, waiting, waiting, waiting, memo, memo, memo,
		at("03:00", "P1", "policy=school"), at("03:00", "P0", "policy=school", acts("dana", "acks")),
		at("03:00", "P1", "policy=gap", acts("ana", "snoozes", "1m"), (*player).next),
		at("03:00", "P2", "policy=p", acts("ben", "snoozes", "2m"), (*player).next),
		at("03:00", "P2", "policy=p", acts("ana", "acks")),
		at("03:00", "P1", "policy=p", acts("ana", "snoozes", "1h")),
		at("03:00", "P1", "policy=p", acts("ana", "closes")),
		at("03:00", "P1", "policy=p", acts("ana", "acks"), func(p *player) { p.do(p.last(), End{Member: MemberKey{"prom", "a"}}) }),
	}
}

// failAll has every attempt of the first round fail at once: then it waits for the next.
func (p *player) failAll() {
	for range 3 {
		r := p.last()
		a := r.rows(func(a paging.Attempt) bool { return a.State == paging.Planned })[0]
		p.begin(r, a.ID)
		p.do(r, Reported{Report: paging.Report{Attempt: a.ID, Token: r.attempts[a.ID].Token, Result: paging.ResultFailed, At: p.now}})
	}
}
