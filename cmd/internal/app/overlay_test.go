package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/apptest"
	"tocsin/cmd/internal/client"
	"tocsin/cmd/internal/standin"
	"tocsin/configs/history"
	"tocsin/escalation"
	"tocsin/paging/twilio/telephone"
	"tocsin/schedules"
)

// duty is the time around now, so wide that no change of the rotation matters.
type duty struct{ from, to schedules.Civil }

func dutyNow() duty {
	now := time.Now().UTC()
	day := func(t time.Time) schedules.Civil {
		return schedules.Civil{Year: t.Year(), Month: t.Month(), Day: t.Day()}
	}
	return duty{day(now.AddDate(0, 0, -2)), day(now.AddDate(0, 0, 60))}
}

// arranged is a gateway of [rota] on which ana is on call, whatever the week.
type arranged struct {
	*apptest.Gateway
	t      *testing.T
	duty   duty
	alerts int
}

func arrange(t *testing.T, kind apptest.Kind) *arranged {
	w := apptest.New(t, kind, rota)
	a := &arranged{Gateway: w.Run(), t: t, duty: dutyNow()}
	o := a.adds(schedules.Override{Type: schedules.Replace, Add: "ana"})
	require.Equal(t, "o1", o.Overrides[0].Override.ID)
	require.Equal(t, "token story", o.Overrides[0].Author, "whose token it was")
	a.pages(anaPhone)
	return a
}

// override is an override of team around now, unless it is a swap.
func (a *arranged) override(o schedules.Override) history.Override {
	if o.Type != schedules.Swap {
		o.From, o.To = a.duty.from, a.duty.to
	}
	return history.Override{Schedule: "team", Override: o, Reason: "a test"}
}

func (a *arranged) adds(o schedules.Override) history.Overlay {
	a.t.Helper()
	out, err := a.API.AddOverride(a.t.Context(), a.override(o))
	require.NoError(a.t, err)
	return out
}

func (a *arranged) removes(id string) {
	a.t.Helper()
	_, err := a.API.RemoveOverride(a.t.Context(), id)
	require.NoError(a.t, err)
}

// pages opens an incident, which must page exactly those phones, and acknowledges it.
func (a *arranged) pages(phones ...string) {
	a.t.Helper()
	a.alerts++
	title := fmt.Sprintf("Alarm %d.", a.alerts)
	id := a.Opens(apptest.Event{Key: title, Title: title, Severity: "critical"})
	for _, phone := range phones {
		a.Page(phone, title)
	}
	var planned []string
	for _, attempt := range a.Incident(id).Attempts {
		planned = append(planned, attempt.Address)
	}
	require.ElementsMatch(a.t, phones, planned, "nobody else is paged")
	_, err := a.API.Act(a.t.Context(), string(id), client.Ack, api.Action{})
	require.NoError(a.t, err)
}

// Every kind of override decides whose phone rings from the next page on, and taken back it
// does no longer.
func TestOverridesOverHTTP(t *testing.T) {
	t.Parallel()
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		a := arrange(t, kind)
		far := a.duty.to
		far.Year++
		for _, tc := range []struct {
			what   string
			o      schedules.Override
			phones []string
		}{
			{"as well", schedules.Override{Type: schedules.Addition, Add: "ben"}, []string{anaPhone, benPhone}},
			{"not", schedules.Override{Type: schedules.Removal, Remove: "ana"}, []string{danaPhone}}, // the fallback
			{"instead of one", schedules.Override{Type: schedules.Replace, Remove: "ana", Add: "ben", Layers: []string{"primary"}}, []string{benPhone}},
			{"swap", schedules.Override{
				Type: schedules.Swap, A: schedules.SwapSide{User: "ana", From: a.duty.from, To: a.duty.to},
				B: schedules.SwapSide{User: "ben", From: a.duty.to, To: far},
			}, []string{benPhone}},
			{"only", schedules.Override{Type: schedules.Only, Add: "chidi"}, []string{"+12025550103"}},
		} {
			o := a.adds(tc.o)
			id := o.Overrides[len(o.Overrides)-1].Override.ID
			a.pages(tc.phones...)
			a.removes(id)
			a.pages(anaPhone)
		}
		shown, err := a.API.Overlay(t.Context())
		require.NoError(t, err)
		require.Len(t, shown.Overrides, 1)
		require.Equal(t, shown.Number, statusOf(t, a.Gateway).Overlay)
	})
}

// What cannot be is refused with its kind and a sentence that tells why, and changes nothing;
// without a token nothing is shown at all.
func TestOverridesRefused(t *testing.T) {
	t.Parallel()
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		a := arrange(t, kind)
		before, err := a.API.Overlay(t.Context())
		require.NoError(t, err)
		body := func(schedule, rest string) string {
			return fmt.Sprintf(`{"schedule":%q,"override":{"from":%q,"to":%q,%s}}`, schedule, a.duty.from, a.duty.to, rest)
		}
		for _, tc := range []struct {
			method, path, body string
			status             int
			kind, says         string
		}{
			{"POST", "overrides", body("team", `"type":"add","add":"zoe"`), 422, "refused", `there is no user \"zoe\"`},
			{"POST", "overrides", body("teem", `"type":"add","add":"ben"`), 422, "refused", `there is no schedule \"teem\"; there are [team]`},
			{"POST", "overrides", body("team", `"type":"add","add":"ben","layers":["third"]`), 422, "refused", `layer \"third\"`},
			{"POST", "overrides", body("team", `"type":"instead","add":"ben"`), 422, "refused", "use replace, add, remove, only or swap"},
			{"POST", "overrides", body("team", `"type":"add"`), 422, "refused", "exactly one person"},
			{"POST", "overrides", `{"schedule":"team","override":{"type":"add","add":"ben"}}`, 422, "refused", "0000"},
			{"POST", "overrides", `{"schedule":"team","override":{"from":"2026-02-30T09:00"}}`, 400, "invalid", "is not a local date and time"},
			{"POST", "overrides", `{"schedule":"team","overide":{}}`, 400, "invalid", "overide"},
			{"POST", "overrides", `[`, 400, "invalid", "JSON"},
			{"DELETE", "overrides/o99", "", 422, "refused", `there is no override or request for cover \"o99\" here; those in files are changed there`},
			{"POST", "covers", fmt.Sprintf(`{"schedule":"team","user":"ana","from":%q,"to":%q,"layers":["third"]}`, a.duty.from, a.duty.to), 422, "refused", `layer \"third\"`},
			{"POST", "covers", fmt.Sprintf(`{"schedule":"team","user":"ana","from":%q,"to":%q}`, a.duty.to, a.duty.from), 422, "refused", "not after it begins"},
			{"POST", "covers/c99/take", `{"user":"ben"}`, 422, "refused", `there is no request for cover \"c99\"`},
		} {
			got := a.Do(tc.method, "/api/v1/"+tc.path, []byte(tc.body), a.Bearer(standin.EnvAPIToken))
			require.Equal(t, tc.status, got.Status, "%s: %s", tc.body, got.Body)
			require.Equal(t, tc.kind, got.Kind(), tc.body)
			require.Contains(t, got.Body, tc.says, tc.body)
			require.Equal(t, http.StatusUnauthorized, a.Do(tc.method, "/api/v1/"+tc.path, []byte(tc.body), nil).Status)
		}
		require.Equal(t, http.StatusUnauthorized, a.Do(http.MethodGet, "/api/v1/overrides", nil, nil).Status)
		after, err := a.API.Overlay(t.Context())
		require.NoError(t, err)
		require.Equal(t, before, after)
	})
}

// Until somebody takes a cover whoever asked is paged; then the first who took it is, and the
// next one learns who has it since when.
func TestCoverOverHTTP(t *testing.T) {
	t.Parallel()
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		a := arrange(t, kind)
		ctx := t.Context()
		o, err := a.API.AskCover(ctx, history.Cover{Schedule: "team", User: "ana", From: a.duty.from, To: a.duty.to, TakenBy: "ben", Reason: "dentist"})
		require.NoError(t, err)
		require.Len(t, o.Covers, 1)
		id := o.Covers[0].ID
		require.Empty(t, o.Covers[0].TakenBy, "who asks cannot say that it is taken")
		a.pages(anaPhone)

		refused := func(user schedules.UserID, says string) {
			t.Helper()
			_, err := a.API.TakeCover(ctx, id, user)
			var refusal *client.Error
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, http.StatusUnprocessableEntity, refusal.Status)
			require.Equal(t, "refused", refusal.Kind)
			require.Contains(t, refusal.Message, says)
		}
		refused("ana", "ana asked for this cover; somebody else has to take it")
		refused("", `there is no user ""`)
		refused("zoe", `there is no user "zoe"`)
		a.pages(anaPhone)

		o, err = a.API.TakeCover(ctx, id, "ben")
		require.NoError(t, err)
		require.Equal(t, schedules.UserID("ben"), o.Covers[0].TakenBy)
		require.WithinDuration(t, time.Now(), o.Covers[0].TakenAt, time.Minute)
		a.pages(benPhone)
		refused("chidi", "ben has taken "+id+" already, at "+o.Covers[0].TakenAt.UTC().Format("2006-01-02T15:04:05Z"))
		_, err = a.API.TakeCover(ctx, id, "ben")
		require.NoError(t, err, "to say it twice does no harm")
		a.pages(benPhone)
		a.removes(id)
		a.pages(anaPhone)
	})
}

// A change that takes a person away leaves out what was arranged with that person and says so;
// the arrangement is kept, holds again after a rollback, and a restart changes neither.
func TestArrangementOutlivesAConfigChange(t *testing.T) {
	t.Parallel()
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		a := arrange(t, kind)
		ctx := t.Context()
		a.adds(schedules.Override{Type: schedules.Replace, Remove: "ana", Add: "ben"})
		a.pages(benPhone)

		without := strings.NewReplacer("[ana, ben, chidi]", "[ana, chidi]", "  - { name: ben, contacts: [{ name: mobile, sms: '+12025550102' }] }\n", "").Replace(rota)
		plan, err := a.API.PlanConfig(ctx, proposal(without, 0))
		require.NoError(t, err)
		change, err := a.API.ApplyConfig(ctx, proposal(without, 0))
		require.NoError(t, err)
		require.Equal(t, []string{`schedule team, override o2: user "ben" is gone`}, change.Skipped)
		require.Equal(t, plan.Skipped, change.Skipped)
		a.pages(anaPhone)
		require.Contains(t, a.Logs.String(), "an arrangement no longer fits the configuration")
		_, err = a.API.RemoveOverride(ctx, "o99")
		require.ErrorContains(t, err, "there is no override", "the rest can be arranged as ever")

		require.NoError(t, a.Stop())
		a.Gateway = a.Run()
		a.pages(anaPhone)
		_, err = a.API.ApplyConfig(ctx, history.Proposal{Rollback: 1})
		require.NoError(t, err)
		a.pages(benPhone)
	})
}

// A shadow is told who is paged, and who took it; a polite "ok" of theirs stops nobody's pages,
// the code does.
func TestShadowIsTold(t *testing.T) {
	t.Parallel()
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		w := apptest.New(t, kind, strings.Replace(rota, "users:\n", `      - name: newcomers
        role: shadow
        rotation: { every: 1 week, start: 2026-01-05T09:00, participants: [dana] }
users:
`, 1))
		g := w.Run()
		id := g.Opens(apptest.Event{Key: "a", Title: "Signer down", Severity: "critical"})
		page := w.Page("", "Signer down")
		told := w.Await(apptest.Patience, "the shadow is told", func(x telephone.Text) bool { return x.Reached == danaPhone })
		require.Contains(t, told.Body, "is paged for")
		require.Contains(t, told.Body, "You shadow: nothing to do.")
		w.Reply(danaPhone, "ok")
		require.Equal(t, escalation.Triggered, g.Incident(id).Incident.State)
		w.Reply(page.To, apptest.Code(t, page))
		require.Equal(t, escalation.Acknowledged, g.Incident(id).Incident.State)
		w.Await(apptest.Patience, "the shadow hears of the end", func(x telephone.Text) bool {
			return x.Reached == danaPhone && strings.Contains(x.Body, "acked")
		})
	})
}
