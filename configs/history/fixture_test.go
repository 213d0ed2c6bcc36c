package history

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/configs"
	"tocsin/escalation/store/memstore"
	"tocsin/paging"
	"tocsin/routing/source"
	"tocsin/routing/source/generic"
	"tocsin/schedules"
)

// noon is the clock of all tests: a Tuesday in the first week of the rotation below.
var noon = time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)

// team is a configuration with one rotation; ana is on call at noon, until Monday the 9th.
const team = `config_mode: files # edited in place
route: { policy: team }
integrations: [{ name: events, source: generic, insecure: true }]
policies:
  - name: team
    tiers: [{ name: primary, page: ['schedule:team/primary'], acknowledge_within: 5m }]
    fallback: ['user:dana']
schedules:
  - name: team
    time_zone: Europe/Berlin
    layers:
      - name: primary # who wakes up
        rotation: { every: 1 week, start: 2026-03-02T09:00, participants: [ana, ben, chidi] }
      - name: secondary
        rotation: { of: primary, offset: 1 }
users:
  - { name: ana, contacts: [{ name: mobile, sms: '+12025550101' }] }
  - { name: ben, contacts: [{ name: mobile, sms: '+12025550102' }] }
  - { name: chidi, contacts: [{ name: mobile, sms: '+12025550103' }] }
  - { name: dana, contacts: [{ name: mobile, sms: '+12025550104' }] }
`

// world is a store and whoever reads and writes revisions there.
type world struct {
	*History
	t     *testing.T
	store *memstore.Store
}

func newWorld(t *testing.T) world {
	s := memstore.New(memstore.Options{})
	w := world{t: t, store: s}
	w.History = w.process(look)
	return w
}

// process is another process on the same store, which builds in its own way.
func (w world) process(build func(configs.Bundle) (*configs.Config, error)) *History {
	var n atomic.Int64
	return &History{Series: w.store, Build: build, Look: look, Token: func() string { return fmt.Sprintf("%p-%d", &n, n.Add(1)) }}
}

// look builds what the tests need, without any secret.
func look(b configs.Bundle) (*configs.Config, error) {
	return b.Config(configs.Options{NoSecrets: true, Registry: configs.Registry{
		Sources: map[string]source.Source{"generic": generic.Source()}, Contacts: []string{paging.SMS}, Calendar: oneShift{}, AllowNoProvider: true,
	}})
}

// oneShift reads every calendar as a day of ana's.
type oneShift struct{}

func (oneShift) Shifts([]byte, configs.CalendarOptions) ([]schedules.Fixed, []string, error) {
	return []schedules.Fixed{{From: noon, To: noon.Add(24 * time.Hour), Users: []schedules.UserID{"ana"}}}, nil, nil
}

func (oneShift) Spans([]byte, *time.Location) ([]schedules.Span, error) {
	return nil, errors.New("not asked")
}

// files is a bundle of one YAML file in which texts are replaced.
func files(replace ...string) *configs.Bundle {
	text := team
	for i := 0; i < len(replace); i += 2 {
		text = strings.Replace(text, replace[i], replace[i+1], 1)
	}
	return &configs.Bundle{Files: []configs.File{{Name: "tocsin.yaml", Data: []byte(text)}}}
}

// managed is the same, edited over the API.
func managed(replace ...string) *configs.Bundle {
	return files(append([]string{"config_mode: files", "config_mode: managed"}, replace...)...)
}

// rotation is a bundle with other participants.
func rotation(participants string) *configs.Bundle { return files("[ana, ben, chidi]", participants) }

// applies is Apply for what must be taken.
func (w world) applies(p Proposal, now time.Time) Change {
	w.t.Helper()
	c, err := w.Apply(w.t.Context(), p, now)
	require.NoError(w.t, err)
	return c
}

// loads is Load for what must be there.
func (w world) loads() Active {
	w.t.Helper()
	a, err := w.Load(w.t.Context())
	require.NoError(w.t, err)
	return a
}

// holder is who is on call on a layer.
func (w world) holder(layer string, at time.Time) []schedules.UserID {
	w.t.Helper()
	return w.loads().Config.Book().Schedules["team"].On(layer, at, nil)
}

// puts appends a value to a series as some other program might.
func (w world) puts(series string, value []byte) {
	w.t.Helper()
	last, err := w.store.Last(w.t.Context(), series)
	require.NoError(w.t, err)
	require.NoError(w.t, w.store.Append(w.t.Context(), series, last[0], fmt.Sprint("put", last[0]), value))
}

func civil(t *testing.T, text string) schedules.Civil {
	t.Helper()
	c, err := schedules.ParseCivil(text)
	require.NoError(t, err)
	return c
}

// refuses expects an error that says what is wrong to whoever asked.
func refuses(t *testing.T, err error, says string) {
	t.Helper()
	var refused *RefusedError
	require.ErrorAs(t, err, &refused)
	require.Contains(t, refused.Message, says)
}
