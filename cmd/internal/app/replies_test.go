package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/standin"
	"tocsin/escalation"
	"tocsin/paging"
	"tocsin/paging/twilio/telephone"
)

// cast is the people of one story: ana is on call, ben is next, and nobody else's phone is
// involved, so that stories share a gateway and each begins with code 10.
type cast struct {
	*apptest.Gateway
	t        *testing.T
	ana, ben person
	team     string
}

type person struct {
	name  string
	phone string
	zone  *time.Location
}

const (
	anaZone = "Europe/Berlin"
	benZone = "Africa/Lagos"
)

// replyStories are told on both stores. A team's deadline is long, unless it is named here.
var replyStories = []struct {
	name   string
	within string
	tell   func(c cast)
}{
	{"acknowledge", "1m", tellAcknowledge},
	{"somebody else's code", "1m", tellSomebodyElses},
	{"unknown code", "1m", tellUnknownCode},
	{"the same text twice", "1m", tellTwice},
	{"late acknowledgement", "2s", tellLateAck},
	{"resolve while it fires", "1m", tellResolve},
	{"bare ack", "1m", tellBareAck},
	{"all", "1m", tellAll},
	{"list", "1m", tellList},
	{"who", "1m", tellWho},
	{"pass on", "1m", tellPassOn},
	{"snooze", "1m", tellSnooze},
	{"undo", "1m", tellUndo},
	{"not understood", "1m", tellNotUnderstood},
	{"stop", "1m", tellStop},
}

// replyConfig gives every story a team of two.
func replyConfig() string {
	var routes, policies, users strings.Builder
	for i, s := range replyStories {
		ana, ben := people(i)
		fmt.Fprintf(&routes, "    - { matchers: ['crew=\"team%d\"'], policy: team%d }\n", i, i)
		fmt.Fprintf(&policies, `  - name: team%d
    tiers:
      - { name: primary, page: ['user:%s'], acknowledge_within: %s }
      - { name: secondary, page: ['user:%s'], acknowledge_within: 1m }
    fallback: ['user:dana']
`, i, ana.name, s.within, ben.name)
		for _, p := range []person{ana, ben} {
			fmt.Fprintf(&users, "  - { name: %s, time_zone: %s, contacts: [{ name: mobile, sms: '%s' }] }\n", p.name, p.zone, p.phone)
		}
	}
	return apptest.Base + "route:\n  policy: rest\n  routes:\n" + routes.String() + `policies:
  - { name: rest, tiers: [{ name: primary, page: ['user:dana'], acknowledge_within: 1m }], fallback: ['user:dana'] }
` + policies.String() + `users:
  - { name: dana, contacts: [{ name: mobile, sms: '+12025550199' }] }
` + users.String()
}

func people(i int) (ana, ben person) {
	return person{fmt.Sprintf("ana%d", i), fmt.Sprintf("+120255501%02d", 10+i), mustZone(anaZone)},
		person{fmt.Sprintf("ben%d", i), fmt.Sprintf("+120255501%02d", 50+i), mustZone(benZone)}
}

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

// Every reply has its effect once and is answered with exactly these texts, in the time zone of
// whoever reads them, on both stores.
func TestReplies(t *testing.T) {
	t.Parallel()
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		w := apptest.New(t, kind, replyConfig())
		g := w.Run()
		for i, s := range replyStories {
			t.Run(s.name, func(t *testing.T) { // in a row: what counts are texts, not time
				ana, ben := people(i)
				s.tell(cast{Gateway: g.For(t), t: t, ana: ana, ben: ben, team: fmt.Sprintf("team%d", i)})
			})
		}
	})
}

// fires opens an incident and waits for its page on ana's phone.
func (c cast) fires(title, severity string) (paging.IncidentID, telephone.Text) {
	c.t.Helper()
	id := c.Opens(apptest.Event{Key: c.team + title, Title: title, Severity: severity, Labels: map[string]string{"crew": c.team}})
	return id, c.Page(c.ana.phone, title)
}

func (p person) clock(at time.Time) string { return at.In(p.zone).Format("15:04") }

// at expects one of the texts that a clock between before and now gives.
func (c cast) at(p person, before time.Time, got string, want func(clock string) string) {
	c.t.Helper()
	assert.Contains(c.t, []string{want(p.clock(before)), want(p.clock(time.Now()))}, got)
}

func (c cast) ack(id paging.IncidentID) *escalation.Acknowledgement {
	c.t.Helper()
	i := c.Incident(id).Incident
	require.Equal(c.t, escalation.Acknowledged, i.State)
	return i.Ack
}

func (c cast) isOpen(id paging.IncidentID) {
	c.t.Helper()
	require.Equal(c.t, escalation.Triggered, c.Incident(id).Incident.State)
}

func tellAcknowledge(c cast) {
	// Ensures the page's and the confirmation's exact texts, and that nothing is sent afterwards.
	id, page := c.fires("Checkout errors 7%", "critical")
	due := c.Incident(id).Incident.Position.Deadline
	require.Equal(c.t, "P0 Checkout errors 7%. Reply 10 = ack, 10e = pass on. Else "+c.ben.name+" "+c.ana.clock(due), page.Body)
	answer := c.Reply(c.ana.phone, "10")
	ack := c.ack(id)
	assert.Equal(c.t, c.ana.name, string(ack.By.User))
	assert.Equal(c.t, 30*time.Minute, ack.Expires.Sub(ack.At), "the severity's acknowledge_expires")
	want := fmt.Sprintf("Acked 10 Checkout errors 7%% %s. Pages again %s. 10r resolve, 10u undo", c.ana.clock(ack.At), c.ana.clock(ack.Expires))
	require.Equal(c.t, want, answer)
	shown := c.Await(apptest.Patience, "the confirmation", func(x telephone.Text) bool { return x.Reached == c.ana.phone && x.Via == telephone.ViaTwiML })
	assert.Equal(c.t, want, shown.Body)
}

func tellSomebodyElses(c cast) {
	// Ensures that a code belongs to the number texted: another configured person cannot use it,
	// and a number that nobody has hears nothing at all.
	id, _ := c.fires("Disk full", "error")
	require.Equal(c.t, "No open page 10. Nothing is open.", c.Reply(c.ben.phone, "10"))
	require.Empty(c.t, c.Reply("+12025550177", "10"))
	c.isOpen(id)
}

func tellUnknownCode(c cast) {
	// Ensures that a wrong code acknowledges nothing and is told what is open.
	id, _ := c.fires("Queue stuck", "error")
	require.Equal(c.t, "No open page 13. Open: 10 Queue stuck. Reply 10 = ack", c.Reply(c.ana.phone, "13"))
	c.isOpen(id)
}

func tellTwice(c cast) {
	// Ensures that a text which comes twice (same MessageSid) is answered the same and acts once:
	// a second "10r" of its own would have closed the incident.
	id, _ := c.fires("Signer down", "error")
	const once = "Acked 10 Signer down. Still firing. 10r again closes it."
	c.Phone.SetFault(c.ana.phone, telephone.Fault{DuplicateReplies: true, Times: 1})
	require.Equal(c.t, once, c.Reply(c.ana.phone, "10r"))
	require.Equal(c.t, escalation.Acknowledged, c.Incident(id).Incident.State)

	form := url.Values{"MessageSid": {"SM0000000000000000000000000000" + c.team}, "From": {c.ana.phone}, "To": {standin.Number}, "Body": {"10u"}}
	first := c.SignedForm("/twilio/sms", form)
	require.Equal(c.t, http.StatusOK, first.Status)
	require.Contains(c.t, first.Body, "Undone 10 Signer down. Pages you again.")
	c.isOpen(id)
	list := url.Values{"MessageSid": {"SM1000000000000000000000000000" + c.team}, "From": {c.ana.phone}, "To": {standin.Number}, "Body": {"list"}}
	listed := c.SignedForm("/twilio/sms", list)
	require.Contains(c.t, c.Reply(c.ana.phone, "10"), "Acked 10 Signer down")
	require.Equal(c.t, listed.Body, c.SignedForm("/twilio/sms", list).Body)
	again := c.SignedForm("/twilio/sms", form)
	require.Equal(c.t, first.Body, again.Body, "the answer of then, whatever happened since")
	c.ack(id)
	undone := 0
	for _, e := range c.Incident(id).Timeline {
		if e.Kind == escalation.EntryUnack {
			undone++
		}
	}
	require.Equal(c.t, 1, undone, "taken back once")
}

func tellLateAck(c cast) {
	// Ensures that who was first is told to everybody already paged, and to a late acknowledger.
	id, _ := c.fires("Bridge halted", "error")
	c.Page(c.ben.phone, "Bridge halted")
	c.Reply(c.ana.phone, "10")
	ack := c.ack(id)
	want := fmt.Sprintf("%s acked 10 Bridge halted at %s. Nothing to do.", c.ana.name, c.ben.clock(ack.At))
	c.Notice(c.ben.phone, want)
	require.Equal(c.t, want, c.Reply(c.ben.phone, "10"))
	require.Equal(c.t, *ack, *c.ack(id), "the first one keeps it")
}

func tellResolve(c cast) {
	// Ensures that "r" on what still fires only acknowledges, and closes it when asked again.
	id, _ := c.fires("Relay lagging", "error")
	require.Equal(c.t, "Acked 10 Relay lagging. Still firing. 10r again closes it.", c.Reply(c.ana.phone, "10r"))
	c.ack(id)
	answer := c.Reply(c.ana.phone, "10 r")
	i := c.Incident(id).Incident
	require.Equal(c.t, escalation.Resolved, i.State)
	require.Equal(c.t, c.ana.name, string(i.Ending.By.User))
	c.at(c.ana, i.Ending.At, answer, func(clock string) string { return "Resolved 10 Relay lagging " + clock + "." })
	require.Equal(c.t, fmt.Sprintf("10 Relay lagging was resolved by %s at %s. Nothing to do.", c.ana.name, c.ana.clock(i.Ending.At)), c.Reply(c.ana.phone, "10"))
}

func tellBareAck(c cast) {
	// Ensures that a bare "ack" acts only when it can mean just one page.
	one, _ := c.fires("Alpha slow", "error")
	two, _ := c.fires("Beta slow", "critical")
	require.Equal(c.t, "Open: 11 P0 Beta slow; 10 P1 Alpha slow. Reply 11 = ack", c.Reply(c.ana.phone, "Ack"))
	c.isOpen(one)
	c.isOpen(two)
	c.Reply(c.ana.phone, "11")
	answer := c.Reply(c.ana.phone, "ok")
	ack := c.ack(one)
	require.Equal(c.t, fmt.Sprintf("Acked 10 Alpha slow %s. Pages again %s. 10r resolve, 10u undo", c.ana.clock(ack.At), c.ana.clock(ack.Expires)), answer)
}

func tellAll(c cast) {
	// Ensures that "all" takes every page texted to this number.
	before := time.Now()
	one, _ := c.fires("Alpha down", "error")
	two, _ := c.fires("Beta down", "error")
	c.at(c.ana, before, c.Reply(c.ana.phone, "all"), func(clock string) string { return "Acked 2: 10 Alpha down, 11 Beta down " + clock + "." })
	c.ack(one)
	c.ack(two)
	require.Equal(c.t, fmt.Sprintf("Open: 10 P1 Alpha down (%[1]s); 11 P1 Beta down (%[1]s). Reply 10 = ack", c.ana.name), c.Reply(c.ana.phone, "all"))
}

func tellList(c cast) {
	// Ensures that "list" shows what is open on this number, most urgent first, and who has it.
	require.Equal(c.t, "Nothing is open.", c.Reply(c.ana.phone, "list"))
	_, _ = c.fires("Alpha late", "error")
	_, _ = c.fires("Beta late", "critical")
	c.Reply(c.ana.phone, "10")
	require.Equal(c.t, "Open: 11 P0 Beta late; 10 P1 Alpha late ("+c.ana.name+"). Reply 11 = ack", c.Reply(c.ana.phone, "LIST"))
}

func tellWho(c cast) {
	// Ensures that "who" tells who has it, or who is next and when.
	one, _ := c.fires("Alpha gone", "error")
	two, _ := c.fires("Beta gone", "error")
	c.Reply(c.ana.phone, "11")
	due, since := c.Incident(one).Incident.Position.Deadline, c.ack(two).At
	require.Equal(c.t, fmt.Sprintf("10 Alpha gone: nobody yet, next secondary %s; 11 Beta gone: %s since %s.", c.ana.clock(due), c.ana.name, c.ana.clock(since)),
		c.Reply(c.ana.phone, "who"))
	require.Equal(c.t, fmt.Sprintf("11 Beta gone: %s since %s.", c.ana.name, c.ana.clock(since)), c.Reply(c.ana.phone, "who 11"))
}

func tellPassOn(c cast) {
	// Ensures that "e" pages the next tier at once, long before the deadline.
	before := time.Now()
	_, _ = c.fires("Vault low", "error")
	c.at(c.ana, before, c.Reply(c.ana.phone, "10e"), func(clock string) string { return "Passed on 10 Vault low " + clock + ". Now " + c.ben.name + "." })
	page := c.Page(c.ben.phone, "Vault low")
	require.Less(c.t, page.At.Sub(before), 30*time.Second)
}

func tellSnooze(c cast) {
	// Ensures that a snooze runs out when it was asked to.
	id, _ := c.fires("Cache cold", "error")
	answer := c.Reply(c.ana.phone, "10s 30")
	ack := c.ack(id)
	require.True(c.t, ack.Snooze)
	require.Equal(c.t, 30*time.Minute, ack.Expires.Sub(ack.At))
	require.Equal(c.t, "Snoozed 10 Cache cold until "+c.ana.clock(ack.Expires)+".", answer)
}

func tellUndo(c cast) {
	// Ensures that an acknowledgement can be taken back, and that its tier then starts again.
	id, first := c.fires("Feed stale", "error")
	require.Equal(c.t, "Nobody has acked 10 Feed stale. Reply 10 = ack", c.Reply(c.ana.phone, "10u"))
	c.Reply(c.ana.phone, "10")
	require.Equal(c.t, "Undone 10 Feed stale. Pages you again.", c.Reply(c.ana.phone, "10u"))
	c.isOpen(id)
	second := c.Await(apptest.Patience, "a second page", func(x telephone.Text) bool {
		return apptest.IsPage(x) && x.Reached == c.ana.phone && strings.Contains(x.Body, "Feed stale") && x.SID != first.SID
	})
	require.Equal(c.t, "10", apptest.Code(c.t, second), "the incident keeps its code")
}

func tellNotUnderstood(c cast) {
	// Ensures that what means nothing is answered with help, five times and no more; a reply that
	// means something still works, and forgives.
	id, _ := c.fires("Node lost", "error")
	const help = "Not understood. Reply 12 = ack, 12r resolve, 12e pass on, list"
	for i, body := range []string{"what?", "I am on a train", "Liked “P1 Node lost”", "10 and more", "good night"} {
		require.Equal(c.t, help, c.Reply(c.ana.phone, body), "%d: %s", i+1, body)
	}
	require.Empty(c.t, c.Reply(c.ana.phone, "hello?"), "the sixth")
	c.isOpen(id)
	require.Contains(c.t, c.Reply(c.ana.phone, "10"), "Acked 10 Node lost ")
	require.Equal(c.t, help, c.Reply(c.ana.phone, "thanks a lot"))
}

func tellStop(c cast) {
	// Ensures that the carriers' words are left to the carriers.
	id, _ := c.fires("Log full", "error")
	for _, word := range []string{"STOP", "Stop.", "START", "help"} {
		require.Empty(c.t, c.Reply(c.ana.phone, word), word)
	}
	c.isOpen(id)
}
