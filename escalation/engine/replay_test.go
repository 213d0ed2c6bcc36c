package engine_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/timeinterval"
	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/store/memstore"
	"tocsin/paging"
	"tocsin/routing"
	"tocsin/schedules"
)

// crew is a book with everything that a replay can meet: ladders, rounds, fallbacks, an empty
// tier, holds, mutes, shadows, two policies for one alert, and senders that never say "resolved".
func crew(t testing.TB) *escalation.Book {
	t.Helper()
	match := func(text string) labels.Matchers {
		m, err := labels.ParseMatchers("{" + text + "}")
		require.NoError(t, err)
		return m
	}
	hold, never := 10*time.Minute, time.Duration(0)
	var even timeinterval.TimeInterval
	for h := 0; h < 24; h += 2 {
		even.Times = append(even.Times, timeinterval.TimeRange{StartMinute: h * 60, EndMinute: (h + 1) * 60})
	}
	scale := routing.Scale{Default: "P1", Levels: []routing.Level{
		{Name: "P0", Words: []string{"critical"}, Urgency: routing.Urgent, AcknowledgeExpires: 30 * time.Minute, RespondWithin: 20 * time.Minute},
		{Name: "P1", Words: []string{"error"}, Urgency: routing.Urgent, AcknowledgeExpires: time.Hour},
		{Name: "P2", Words: []string{"info"}, Urgency: routing.Normal},
	}}
	table, err := routing.Compile(routing.Spec{
		Scale: scale, Intervals: map[string][]timeinterval.TimeInterval{"even hours": {even}},
		Rules: []routing.Rule{{Name: "watchdogs", Matchers: match(`kind="watchdog"`), Suppress: true}, {Name: "noise", Matchers: match(`kind="noise"`), Drop: true}},
		Root: routing.Route{Policy: "platform", GroupBy: []string{"service"}, Routes: []routing.Route{
			{Matchers: match(`kind="both"`), Policy: "platform", Continue: true},
			{Matchers: match(`kind="both"`), Policy: "security"},
			{Matchers: match(`kind="held"`), Hold: &hold},
			{Matchers: match(`kind="muted"`), ActiveTimeIntervals: []string{"even hours"}},
			{Matchers: match(`kind="fresh"`), ReopenWithin: &never},
			{Matchers: match(`kind="security"`), Policy: "security"},
		}},
	})
	require.NoError(t, err)
	users := map[schedules.UserID]*paging.User{"eve": {Name: "eve", Location: time.UTC}}
	for i, name := range []schedules.UserID{"ana", "ben", "cleo", "dana"} {
		users[name] = &paging.User{Name: name, Location: time.UTC, Contacts: []paging.Contact{
			{Name: "mobile", Channel: paging.SMS, Address: fmt.Sprintf("+1202555010%d", i+1)},
			{Name: "work", Channel: paging.SMS, Address: fmt.Sprintf("+1202555011%d", i+1)},
		}, Rules: map[routing.Urgency][]paging.Rule{routing.Urgent: {{Contact: "mobile"}, {Contact: "work", After: 2 * time.Minute}, {Contact: "mobile", After: 5 * time.Minute}}}}
	}
	tier := func(name string, within time.Duration, people ...string) escalation.Tier {
		tier := escalation.Tier{Name: name, AcknowledgeWithin: escalation.Within{Default: within, By: map[routing.Severity]time.Duration{"P2": 3 * within}}}
		for _, p := range people {
			tier.Page = append(tier.Page, escalation.Target{Kind: escalation.TargetUser, Name: p})
		}
		return tier
	}
	dana := escalation.TargetsBySeverity{Default: tier("", 0, "dana").Page}
	primary := tier("primary", 5*time.Minute)
	primary.Page = []escalation.Target{{Kind: escalation.TargetSchedule, Name: "platform", Layer: "primary"}}
	return &escalation.Book{
		Scale: scale, Table: table, RootPolicy: "platform", Users: users,
		ResolveAfter: map[string]time.Duration{"events": 6 * time.Hour, "silent": 50 * time.Minute},
		Schedules:    map[string]*schedules.Schedule{"platform": taught(t, "ana", "ben", "dana")},
		Policies: map[string]*escalation.Policy{
			"platform": {Name: "platform", Repeat: 1, Fallback: dana, FallbackEvery: 20 * time.Minute,
				Tiers: []escalation.Tier{primary, tier("secondary", 7*time.Minute, "ben", "cleo")}},
			"security": {Name: "security", Fallback: dana,
				Tiers: []escalation.Tier{tier("first", 6*time.Minute, "cleo"), tier("empty", 5*time.Minute, "eve"), tier("last", 5*time.Minute, "dana")}},
		},
	}
}

// taught is a schedule on which one is always on call and others learn.
func taught(t testing.TB, teacher schedules.UserID, pupils ...schedules.UserID) *schedules.Schedule {
	t.Helper()
	week, err := schedules.ParseEvery("1 week")
	require.NoError(t, err)
	start, err := schedules.ParseCivil("1999-01-04T09:00")
	require.NoError(t, err)
	always := func(users ...schedules.UserID) schedules.Rotation {
		return schedules.Rotation{Every: week, Start: start, Participants: [][]schedules.UserID{users}}
	}
	s, err := schedules.Compile(schedules.Spec{Name: "platform", TimeZone: "UTC", Layers: []schedules.Layer{
		{Name: "primary", Rotation: always(teacher)}, {Name: "pupils", Role: schedules.RoleShadow, Rotation: always(pupils...)},
	}})
	require.NoError(t, err)
	return s
}

// wire is a history in the making.
type wire struct {
	deliveries []escalation.Delivery
	from       string
}

// at appends a delivery. Each alert is "+id" (fires), "-id" (ended) or "!id" (acknowledged by
// its source), then options: kind=, svc=, group=, start=, word=. Delivery options stand alone:
// "id=" its identity, "complete=" a group, "from=" the integration.
func (w *wire) at(clock string, alerts ...string) {
	d := escalation.Delivery{At: at(clock), Integration: cmp.Or(w.from, "events")}
	for _, text := range alerts {
		words := strings.Fields(text)
		a := routing.Alert{Source: "generic", Status: routing.Firing, Labels: map[string]string{}, SeverityWord: "error"}
		for _, word := range words {
			name, value, _ := strings.Cut(word, "=")
			switch name {
			case "id":
				d.Batch.DeliveryID = value
			case "complete":
				d.Batch.CompleteGroups = append(d.Batch.CompleteGroups, value)
			case "from":
				d.Integration = value
			case "group":
				a.Group = value
			case "start":
				a.StartsAt = at(value)
			case "word":
				a.SeverityWord = value
			case "svc":
				a.Labels["service"] = value
			case "kind":
				a.Labels["kind"] = value
			default:
				a.Identity, a.Title = word[1:], word[1:]
				a.Status = map[byte]routing.Status{'+': routing.Firing, '-': routing.Resolved, '!': routing.Acknowledged}[word[0]]
			}
		}
		if a.Identity != "" {
			d.Batch.Alerts = append(d.Batch.Alerts, a)
		}
	}
	w.deliveries = append(w.deliveries, d)
}

// at reads "03:04" or "03:04:05" as an instant of the first day.
func at(clock string) time.Time {
	if len(clock) == len("03:04") {
		clock += ":00"
	}
	tod, err := time.Parse(time.TimeOnly, clock)
	if err != nil {
		panic(err) // only ever a mistake in these tests
	}
	return dawn.Add(tod.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)))
}

// TestReplayEqualsTheEngine ensures that a replay gives the pages, the incidents and the counts
// that the real engine gives for the same deliveries, one story per rule.
func TestReplayEqualsTheEngine(t *testing.T) {
	for name, story := range map[string]struct {
		pages int // as worked out by hand
		ack   time.Duration
		until string
		tell  func(w *wire)
	}{
		"all tiers, rounds and the fallback": {25, 0, "02:05", func(w *wire) { w.at("01:00", "+a") }},
		"same trouble is one incident": {7, 0, "01:07", func(w *wire) {
			w.at("01:00", "+a svc=x")
			w.at("01:01", "+b svc=x")
			w.at("01:02", "+a svc=x", "+b svc=x")
		}},
		"groups":              {2, 0, "01:01", func(w *wire) { w.at("01:00", "+a group=g", "+b group=g", "+c group=h") }},
		"resolved":            {2, 0, "05:00", func(w *wire) { w.at("01:00", "+a"); w.at("01:04", "-a") }},
		"re-opened":           {4, 0, "01:13", func(w *wire) { w.at("01:00", "+a"); w.at("01:03", "-a"); w.at("01:10", "+a start=01:10") }},
		"too late to re-open": {3, 0, "01:15", func(w *wire) { w.at("01:00", "+a"); w.at("01:03", "-a"); w.at("01:14", "+a start=01:10") }},
		"a late duplicate": {1, 0, "02:00", func(w *wire) {
			w.at("01:00", "+a start=00:59")
			w.at("01:01", "-a")
			w.at("01:01:30", "+a start=00:59")
		}},
		"one delivery comes twice":      {2, 0, "01:03", func(w *wire) { w.at("01:00", "id=1", "+a"); w.at("01:01", "id=1", "+b") }},
		"held and gone":                 {0, 0, "02:00", func(w *wire) { w.at("01:00", "+a kind=held"); w.at("01:09", "-a") }},
		"held and still there":          {2, 0, "01:13", func(w *wire) { w.at("01:00", "+a kind=held") }},
		"muted until the interval ends": {1, 0, "02:01", func(w *wire) { w.at("01:30", "+a kind=muted") }},
		"two policies":                  {4, 0, "01:03", func(w *wire) { w.at("01:00", "+a kind=both") }},
		"a complete group omits one": {7, 0, "01:20", func(w *wire) {
			w.at("01:00", "+a group=g", "+b group=g")
			w.at("01:02", "+a group=g complete=g")
			w.at("01:07", "-a group=g complete=g")
		}},
		"moved to another policy": {3, 0, "01:04", func(w *wire) { w.at("01:00", "+a"); w.at("01:01", "+a kind=security start=01:01") }},
		"a rise starts again":     {6, 0, "01:06", func(w *wire) { w.at("01:00", "+a svc=x"); w.at("01:03", "+b svc=x word=critical") }},
		"dropped and suppressed":  {0, 0, "02:00", func(w *wire) { w.at("01:00", "+a kind=noise", "+b kind=watchdog") }},
		"ends by silence, and much later its source says so": {4, 0, "03:00", func(w *wire) {
			w.from = "silent"
			w.at("01:00", "+a kind=security word=info start=00:59")
			w.at("02:30", "-a")
			w.at("02:30:20", "+a kind=security word=info start=00:59")
		}},
		"its source acknowledges":                     {2, 0, "02:01", func(w *wire) { w.at("01:00", "+a"); w.at("01:03", "!a") }},
		"people acknowledge":                          {4, 4 * time.Minute, "01:38", func(w *wire) { w.at("01:00", "+a word=critical") }},
		"who acknowledges at the deadline is in time": {3, 5 * time.Minute, "01:20", func(w *wire) { w.at("01:00", "+a") }},
		"order within one body":                       {2, 0, "01:01", func(w *wire) { w.at("01:00", "+a", "-a", "+b svc=x") }},
	} {
		t.Run(name, func(t *testing.T) {
			w := &wire{}
			story.tell(w)
			o := escalation.ReplayOptions{AckAfter: story.ack, Until: at(story.until)}
			mine, theirs := replayed(crew(t), w.deliveries, o), lived(t, crew(t), w.deliveries, o)
			require.Equal(t, theirs, mine)
			require.Len(t, mine.pages, story.pages, "%s", strings.Join(mine.pages, "\n"))
		})
	}
}

// TestReplayEqualsTheEngineAtRandom ensures the same for random histories. TOCSIN_SEQUENCES
// sets how many.
func TestReplayEqualsTheEngineAtRandom(t *testing.T) {
	n := 150
	if env := os.Getenv("TOCSIN_SEQUENCES"); env != "" {
		var err error
		n, err = strconv.Atoi(env)
		require.NoError(t, err)
	}
	b, pages, busy := crew(t), 0, 0
	for seed := range uint64(n) {
		deliveries, o := anyHistory(rand.New(rand.NewPCG(seed, 7)))
		mine, theirs := replayed(b, deliveries, o), lived(t, b, deliveries, o)
		require.Equal(t, theirs, mine, "seed %d", seed)
		pages += len(mine.pages)
		if !strings.Contains(mine.counts+" ", " 0 ") {
			busy++
		}
	}
	require.Greater(t, pages, 10*n, "histories that page nobody prove nothing")
	t.Logf("%d histories, %d pages; in %d of them every kind of outcome", n, pages, busy)
}

// anyHistory is up to six hours of whatever senders send.
func anyHistory(r *rand.Rand) ([]escalation.Delivery, escalation.ReplayOptions) {
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	w := &wire{}
	second := 3600
	for range 3 + r.IntN(40) {
		second += []int{0, 1, 10, 30, 60, 60, 120, 180, 300, 420, 660, 1800}[r.IntN(12)]
		clock := dawn.Add(time.Duration(second) * time.Second).Format(time.TimeOnly)
		group := pick("", "g", "h")
		var alerts []string
		for range 1 + r.IntN(4) {
			a := pick("+", "+", "+", "-", "-", "!") + pick("a", "b", "c", "d", "e")
			a += " svc=" + pick("", "", "x", "y") + " kind=" + pick("", "", "", "both", "held", "muted", "fresh", "security", "noise", "watchdog")
			a += " word=" + pick("critical", "error", "error", "info")
			if start := pick("", "00:50", "00:55", clock); start != "" {
				a += " start=" + start
			}
			alerts = append(alerts, a+" group="+group)
		}
		alerts = append(alerts, "from="+pick("events", "events", "silent"))
		if r.IntN(4) == 0 {
			alerts = append(alerts, "id="+pick("1", "2", "3", "4"))
		}
		if group != "" && r.IntN(2) == 0 {
			alerts = append(alerts, "complete="+group)
		}
		w.at(clock, alerts...)
	}
	o := escalation.ReplayOptions{Until: w.deliveries[len(w.deliveries)-1].At.Add(time.Duration(r.IntN(8*3600)) * time.Second)}
	o.AckAfter = []time.Duration{0, 0, time.Minute, 5 * time.Minute, 9 * time.Minute}[r.IntN(5)]
	return w.deliveries, o
}

// TestReplayOfIndependentAlertsEqualsSimulate ensures that alerts which have nothing to do with
// each other give, each for itself, the pages that a simulation of it alone gives.
func TestReplayOfIndependentAlertsEqualsSimulate(t *testing.T) {
	b, w := crew(t), &wire{}
	for i, kind := range []string{"", "both", "held", "muted", "security", "watchdog", "noise", "fresh"} {
		for j, word := range []string{"critical", "error", "info"} {
			w.at(fmt.Sprintf("01:%02d:%02d", 7*i, 20*j), fmt.Sprintf("+%s%d kind=%s word=%s", word, i, kind, word))
		}
	}
	const horizon = 4 * time.Hour
	last := w.deliveries[len(w.deliveries)-1].At
	got := replay(b, w.deliveries, escalation.ReplayOptions{Until: last.Add(horizon), Fallbacks: 2})
	byAlert := map[string][]escalation.SimulatedPage{}
	for _, p := range got.Pages {
		byAlert[p.Title+p.Policy] = append(byAlert[p.Title+p.Policy], p.SimulatedPage)
	}
	pages := 0
	for _, d := range w.deliveries {
		for _, a := range d.Batch.Alerts {
			for _, sim := range escalation.Simulate(b, a, d.At, last.Add(horizon).Sub(d.At)) {
				require.Equal(t, sim.Pages, byAlert[a.Title+sim.Decision.Policy], a.Title)
				pages += len(sim.Pages)
			}
		}
	}
	require.Equal(t, len(got.Pages), pages)
	require.Greater(t, pages, 150)
}

// TestIntakeKeepsWhatAReplayNeeds ensures that the log holds a body of 64 KB whole, with the
// headers that were handed in, and says so when it had to cut one.
func TestIntakeKeepsWhatAReplayNeeds(t *testing.T) {
	s := memstore.New(memstore.Options{})
	e := start(t, s, time.Now)
	header := map[string]string{"X-GitHub-Event": "ping"}
	for _, size := range []int{64 << 10, 64<<10 + 1} {
		_, err := e.Ingest(context.Background(), engine.Delivery{Integration: "events", Header: header, Body: bytes.Repeat([]byte("x"), size)})
		require.NoError(t, err)
	}
	log, err := s.Intakes(context.Background(), time.Time{}, 10)
	require.NoError(t, err)
	require.Len(t, log, 2)
	for i, in := range log {
		require.Len(t, in.Body, 64<<10)
		require.Equal(t, header, in.Header)
		require.Equal(t, i == 1, in.Truncated)
	}
}
