package storm_test

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/faults/lab"
	"tocsin/cmd/internal/standin"
	"tocsin/paging"
	"tocsin/paging/twilio/telephone"
)

const (
	ana = apptest.AnaPhone
	// oneByOne is how many ordinary pages may have a text of their own, and digests how many texts
	// tell of all others, within the time of this test.
	oneByOne, digests = 5, 4
	// atOnce is how late what goes at once may be on a machine that takes a storm, commands how
	// late an answer to a person.
	atOnce, commands = 5 * time.Second, 5 * time.Second
	webhook          = 15 * time.Second // Twilio waits no longer for the answer to a reply
	maxMemory        = 400 << 20
	body             = 50
	urgentEvery      = 500 // one alert in so many is of the most urgent severity
)

const config = apptest.Base + `
route: { policy: team }
policies:
  - name: team
    tiers: [{ name: primary, page: ['user:ana'], acknowledge_within: 30m }]
    fallback: ['user:ben']
users:
  - { name: ana, contacts: [{ name: mobile, sms: '+12025550101' }] }
  - { name: ben, contacts: [{ name: mobile, sms: '+12025550102' }] }
`

// storm is one run.
type storm struct {
	t      *testing.T
	w      *apptest.World
	g      *apptest.Gateway
	n      int
	lasts  time.Duration
	posted sync.Map // title of the alert → when its 2xx came
	slow   []time.Duration
}

// Ten thousand alerts in a minute are told to one person in a few texts.
func TestStorm(t *testing.T) {
	binary := apptest.Build(t)
	var report lab.Report
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		s := &storm{t: t, w: apptest.New(t, kind, config), n: lab.Number(t, "TOCSIN_STORM", 10000), lasts: 12 * time.Second}
		if text := os.Getenv("TOCSIN_STORM_TIME"); text != "" {
			var err error
			s.lasts, err = time.ParseDuration(text)
			require.NoError(t, err)
		}
		s.g, _ = s.w.Serve(binary)
		report.Add(t, "storm on one person", string(kind), s.play())
	})
	t.Cleanup(func() { t.Log(report.Table()) }) // the parallel runs are over then
}

func (s *storm) play() lab.Verdict {
	began := time.Now()
	stop, done := make(chan struct{}), make(chan struct{})
	go func() { defer close(done); s.commands(stop) }()
	s.send(began)
	took := time.Since(began)
	close(stop)
	<-done
	s.t.Logf("%d alerts taken in %s; commands answered after %s at worst", s.n, took.Round(time.Millisecond), slices.Max(s.slow).Round(time.Millisecond))
	assert.Less(s.t, slices.Max(s.slow), commands, "a person waits for an answer")

	page := s.w.Page(ana, "Disk of")
	assert.Less(s.t, page.At.Sub(began), atOnce, "the first page")
	told := s.told()
	s.t.Logf("all told %s after the first alert; %s", time.Since(began).Round(time.Second), s.memory())
	v := s.judge(told)
	s.takeAll()
	return v
}

func title(i int) string { return fmt.Sprintf("Disk of host-%05d is full", i) }

// send posts all alerts at an even pace over four connections.
func (s *storm) send(began time.Time) {
	bodies := make(chan int)
	var senders sync.WaitGroup
	for range 4 {
		senders.Go(func() {
			for at := range bodies {
				s.post(at)
			}
		})
	}
	pause := s.lasts * body / time.Duration(s.n)
	for at := 0; at < s.n; at += body {
		lab.Pause(s.t.Context(), time.Until(began.Add(pause*time.Duration(at/body))))
		bodies <- at
	}
	close(bodies)
	senders.Wait()
}

func (s *storm) post(at int) {
	var events []apptest.Event
	for i := at; i < min(at+body, s.n); i++ {
		severity := []string{"high", "medium"}[i%2]
		if i%urgentEvery == 0 && i > 0 {
			severity = "critical"
		}
		events = append(events, apptest.Event{Key: fmt.Sprint("host-", i), Title: title(i), Severity: severity})
	}
	for {
		a := s.g.Post("/webhooks/events", s.g.JSON(events), s.g.Bearer(standin.EnvEvents))
		if a.Status == http.StatusOK {
			break
		}
		if !assert.Equal(s.t, http.StatusServiceUnavailable, a.Status, a.Body) || !lab.Pause(s.t.Context(), 100*time.Millisecond) {
			return
		}
	}
	for _, e := range events {
		s.posted.Store(e.Title, time.Now())
	}
}

// commands has a person act in the midst of it, over the API and by text, and measures.
func (s *storm) commands(stop chan struct{}) {
	for n := 0; ; n++ {
		began := time.Now()
		own := s.g.Opens(apptest.Event{Key: fmt.Sprint("own-", n), Title: fmt.Sprint("Own ", n), Severity: "low"})
		asked := time.Now()
		_, err := s.g.API.Act(s.t.Context(), string(own), "ack", api.Action{})
		assert.NoError(s.t, err)
		s.slow = append(s.slow, time.Since(asked))
		asked = time.Now()
		in, err := s.w.Phone.Reply(s.t.Context(), ana, standin.Number, "list")
		assert.NoError(s.t, err)
		assert.Len(s.t, in.Answers, 1)
		s.slow = append(s.slow, time.Since(asked))
		select {
		case <-stop:
			return
		case <-time.After(time.Until(began.Add(time.Second))):
		}
	}
}

// told waits until every incident of the storm has an attempt that was sent, and returns the
// attempts by title.
func (s *storm) told() map[string]paging.Attempt {
	told := map[string]paging.Attempt{}
	open := map[paging.IncidentID]string{}
	for _, i := range s.g.List() {
		if strings.HasPrefix(i.Title, "Disk of") {
			open[i.ID] = i.Title
		}
	}
	require.Len(s.t, open, s.n, "every alert has an incident of its own")
	for end := time.Now().Add(5 * time.Minute); len(open) > 0; {
		for id, name := range open {
			d := s.g.Incident(id)
			i := slices.IndexFunc(d.Attempts, func(a paging.Attempt) bool { return a.State == paging.Sent || a.State == paging.Delivered })
			if i < 0 {
				break // its like wait for the same text
			}
			told[name] = d.Attempts[i]
			delete(open, id)
		}
		if len(open) > 0 && !time.Now().Before(end) {
			s.t.Errorf("%d incidents were never told", len(open))
			break
		}
		lab.Pause(s.t.Context(), 100*time.Millisecond)
	}
	return told
}

var digest = regexp.MustCompile(`(\d+) more incidents`)

// judge counts the texts, and checks that what they say covers everything.
func (s *storm) judge(told map[string]paging.Attempt) lab.Verdict {
	v := lab.Verdict{Accepted: s.n, Paged: len(told), Lost: s.n - len(told)}
	texts := map[string]telephone.Text{}
	alone, rolling, urgent := 0, 0, 0
	for _, x := range s.w.Pages() {
		if x.To != ana {
			continue
		}
		texts[x.SID] = x
		switch m := digest.FindStringSubmatch(x.Body); {
		case m != nil:
			rolling++
			s.t.Logf("at %s: %s", x.At.Format("15:04:05"), x.Body)
		case strings.HasPrefix(x.Body, "P0 "):
			urgent++
			s.checkUrgent(x)
		default:
			alone++
		}
	}
	named := map[string]int{}
	for name, a := range told {
		x, ok := texts[a.ProviderID]
		assert.True(s.t, ok && x.Reached == ana, "%s is told by a text that no phone shows", name)
		named[a.ProviderID]++
	}
	for sid, n := range named {
		if m := digest.FindStringSubmatch(texts[sid].Body); m != nil {
			said, err := strconv.Atoi(m[1])
			require.NoError(s.t, err)
			assert.True(s.t, n <= said && said <= n+len(s.slow), "%q tells of %d", texts[sid].Body, n) // and of a person's own
		}
	}
	s.t.Logf("%d ordinary texts, %d digests, %d of the most urgent severity", alone, rolling, urgent)
	assert.LessOrEqual(s.t, alone, oneByOne)
	assert.LessOrEqual(s.t, rolling, digests)
	assert.Equal(s.t, (s.n-1)/urgentEvery, urgent, "each of the most urgent ones breaks through, once")
	return v
}

// takeAll acknowledges one incident by its own code, and then a whole digest by its.
func (s *storm) takeAll() {
	for _, x := range slices.Backward(s.w.Pages()) {
		m := regexp.MustCompile(`Reply (\d+) = ack( all \d+)?`).FindStringSubmatch(x.Body)
		if m == nil || (m[2] == "" && !strings.HasPrefix(x.Body, "P0 ")) {
			continue
		}
		began := time.Now()
		in, err := s.w.Phone.Reply(s.t.Context(), ana, standin.Number, m[1])
		took := time.Since(began)
		s.t.Logf("after %s: %v", took.Round(time.Millisecond), in.Answers)
		assert.NoError(s.t, err)
		assert.Contains(s.t, strings.Join(in.Answers, ""), "Acked ")
		if assert.Less(s.t, took, webhook); m[2] == "" {
			assert.Less(s.t, took, commands)
			continue
		}
		return
	}
}

// checkUrgent checks that a page of the most urgent severity did not wait for others.
func (s *storm) checkUrgent(x telephone.Text) {
	for i := urgentEvery; i < s.n; i += urgentEvery {
		if strings.Contains(x.Body, title(i)) {
			at, ok := s.posted.Load(title(i))
			assert.True(s.t, ok)
			assert.Less(s.t, x.At.Sub(at.(time.Time)), atOnce, x.Body)
			return
		}
	}
	s.t.Errorf("a page about nothing: %s", x.Body)
}

// memory is what the process holds, by its own metrics.
func (s *storm) memory() string {
	a := s.g.Do(http.MethodGet, "/metrics", nil, nil)
	m := regexp.MustCompile(`(?m)^process_resident_memory_bytes (\S+)$`).FindStringSubmatch(a.Body)
	require.NotNil(s.t, m, "no figure of memory")
	bytes, err := strconv.ParseFloat(m[1], 64)
	require.NoError(s.t, err)
	assert.Less(s.t, bytes, float64(maxMemory), "memory")
	return fmt.Sprintf("%.0f MB resident", bytes/(1<<20))
}
