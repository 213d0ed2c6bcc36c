package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/escalation/store/memstore"
	"tocsin/paging"
	"tocsin/routing"
)

// forgetful loses the proof that a text was answered, as when a process dies before it is kept.
type forgetful struct{ store.Store }

func (forgetful) SetOnce(context.Context, string, string, time.Time, time.Duration) error {
	return errors.New("lost")
}

// A reply that is judged again because its answer was lost is told how things stand: nobody is
// told "Acked" who did not get it.
func TestReplyThatComesAgain(t *testing.T) {
	const anaPhone, benPhone = "+12025550101", "+12025550102"
	end := func(t *testing.T, e *engine.Engine, _ paging.IncidentID) {
		over := alert("a", "Disk full", "error", map[string]string{"alertname": "a"})
		over.Status = routing.Resolved
		ingest(t, e, over)
	}
	act := func(cmd escalation.Command) func(*testing.T, *engine.Engine, paging.IncidentID) {
		return func(t *testing.T, e *engine.Engine, id paging.IncidentID) {
			_, err := e.Do(t.Context(), id, cmd)
			require.NoError(t, err)
		}
	}
	ben := escalation.Actor{User: "ben", Name: "ben", Via: paging.SMS, From: benPhone}
	for name, v := range map[string]struct {
		first func(*testing.T, *engine.Engine, paging.IncidentID) // before the reply
		then  func(*testing.T, *engine.Engine, paging.IncidentID) // between it and its repeat
		reply string
		again string // what the second answer is like
	}{
		"over before":          {first: end, reply: "", again: "was resolved at"},
		"over since":           {then: end, reply: "", again: "was resolved at"},
		"somebody was first":   {first: act(escalation.Acknowledge{ID: "ben-1", By: ben}), again: "^ben acked"},
		"passed on since":      {then: act(escalation.Escalate{ID: "ben-1", By: ben}), again: "nobody yet"},
		"mine still":           {again: "^Acked"},
		"resolved by another":  {then: act(escalation.Resolve{ID: "ben-1", By: ben, Force: true}), reply: "r", again: "was resolved by ben"},
		"only acked by an end": {reply: "r", again: "Still firing"},
	} {
		t.Run(name, func(t *testing.T) {
			s := memstore.New(memstore.Options{})
			e := start(t, forgetful{s}, time.Now)
			id := ingest(t, e, alert("a", "Disk full", "error", map[string]string{"alertname": "a"})).Incidents[0]
			code, err := s.ReserveCode(t.Context(), paging.CodeRequest{
				Phone: anaPhone, Key: string(id), User: "ana", Incidents: []paging.IncidentID{id}, Now: e.Now(),
			})
			require.NoError(t, err)
			if v.first != nil {
				v.first(t, e, id)
			}
			text := engine.Text{ID: "SM1", From: anaPhone, Body: code.Code + v.reply}
			_, err = e.Reply(t.Context(), text)
			require.NoError(t, err)
			if v.then != nil {
				v.then(t, e, id)
			}
			again, err := e.Reply(t.Context(), text)
			require.NoError(t, err)
			assert.Regexp(t, v.again, again)
		})
	}
}
