package escalation

import (
	"slices"
	"strconv"

	"tocsin/paging"
)

// reported applies what delivery or the provider tells of an attempt. Receipts come in any
// order and more than once: only a higher rank counts.
func (j *judge) reported(r paging.Report) {
	a, ok := j.in.Attempts[r.Attempt]
	switch {
	case !ok:
		j.outcome(NoIncident)
		return
	case r.Token != "" && r.Token != a.Token:
		j.outcome(Stale)
		return
	}
	before := a
	switch r.Result {
	case paging.ResultSent:
		j.attemptSent(&a, r)
	case paging.ResultDelivered:
		if r.ProviderRank > a.ProviderRank && a.State != paging.Canceled {
			a.State, a.SettledAt = paging.Delivered, r.At
		}
	case paging.ResultFailed:
		j.attemptFailed(&a, r)
	case paging.ResultRetry:
		j.attemptRetry(&a, r)
	case paging.ResultReceipt:
		if a.State == paging.Planned { // it is of an earlier send; noting it could take back what is begun just now
			j.outcome(Recorded)
			return
		}
	}
	provider(&a, r)
	if a == before {
		j.outcome(Recorded)
		return
	}
	j.res.Put = append(j.res.Put, AttemptPut{Attempt: a, Fence: r.Token})
	j.res.Changed = true
	j.settle(a, before)
	j.outcome(Done)
}

func provider(a *paging.Attempt, r paging.Report) {
	if r.Provider != "" {
		a.Provider = r.Provider
	}
	if r.ProviderID != "" {
		a.ProviderID = r.ProviderID
	}
	if r.Segments > 0 {
		a.Segments = r.Segments
	}
	if r.ProviderRank > a.ProviderRank {
		a.ProviderRank, a.ProviderStatus = r.ProviderRank, r.ProviderStatus
	}
}

func (j *judge) attemptSent(a *paging.Attempt, r paging.Report) {
	if a.State.Live() { // a receipt may have come first and knows better
		a.State, a.SettledAt = paging.Sent, r.At
	}
}

func (j *judge) attemptFailed(a *paging.Attempt, r paging.Report) {
	receipt := r.Token == ""
	if receipt && (r.ProviderRank <= a.ProviderRank || a.State == paging.Delivered) {
		return
	}
	if !receipt && !a.State.Live() {
		return
	}
	if a.State == paging.Canceled || a.State == paging.Failed {
		return
	}
	a.State, a.SettledAt, a.Reason = paging.Failed, r.At, r.Reason
}

// attemptRetry plans the attempt again, unless nobody wants it any more.
func (j *judge) attemptRetry(a *paging.Attempt, r paging.Report) {
	if !a.State.Live() {
		return
	}
	a.Reason = r.Reason
	if a.Kind == paging.Page && !j.wantsPages(a) {
		a.State, a.SettledAt = paging.Canceled, r.At
		return
	}
	a.State, a.Due, a.Token = paging.Planned, r.RetryAt, ""
}

// wantsPages says whether an attempt of this incident may still begin. One that was taken back
// while it was under way may not: nothing would take it back again.
func (j *judge) wantsPages(a *paging.Attempt) bool {
	wanted := func(r AttemptRef) bool { return r.ID == a.ID && r.State.Live() }
	return j.inc.State == Triggered && j.inc.Quiet == nil && slices.ContainsFunc(j.inc.Attempts, wanted)
}

// settle moves the incident along with an attempt that changed.
func (j *judge) settle(a, before paging.Attempt) {
	if a.State == before.State && a.Reason == before.Reason {
		return
	}
	text := string(a.Kind) + " to " + string(a.User) + " (" + a.Contact + "): " + string(a.State)
	if a.State == paging.Planned {
		text = string(a.Kind) + " to " + string(a.User) + " (" + a.Contact + "): try " + strconv.Itoa(a.Tries) + " failed, tried again"
	}
	if a.Reason != "" && a.State != paging.Sent && a.State != paging.Delivered {
		text += ": " + a.Reason
	}
	j.note(Entry{Kind: EntryAttempt, Attempt: a.ID, Tier: a.Tier, Round: a.Round, Text: text})
	if a.Kind != paging.Page {
		return
	}
	step := 0
	for i := range j.inc.Attempts {
		if ref := &j.inc.Attempts[i]; ref.ID == a.ID {
			ref.State, ref.Due, step = a.State, a.Due, ref.Step
		}
	}
	switch a.State {
	case paging.Sent, paging.Delivered:
		j.told(a)
	case paging.Failed:
		if step == j.inc.Steps {
			j.handOnIfAllFailed()
		}
	}
}

// told remembers who was texted. A text that was under way while somebody acknowledged is
// followed by the notice that it missed, unless its reader got it as a shadow.
func (j *judge) told(a paging.Attempt) {
	t := Told{User: a.User, Contact: paging.Contact{Name: a.Contact, Channel: a.Channel, Address: a.Address}}
	for _, known := range j.inc.Told {
		if known == t {
			return
		}
	}
	j.inc.Told = append(j.inc.Told, t)
	switch end := j.inc.Ending; {
	case j.inc.shadow(a.User) >= 0:
	case j.inc.State == Acknowledged && j.inc.Ack.By.User != a.User:
		j.planNotice(t, "acked", j.inc.Ack.By, j.inc.Ack.At)
	case end != nil && end.Person() && !end.Acked && end.By.User != a.User:
		j.planNotice(t, "resolved", end.By, end.At)
	}
}

// handOnIfAllFailed: a tier whose every attempt has failed for good hands on at once. The
// fallback is left to its own pace, which bounds the chain.
func (j *judge) handOnIfAllFailed() {
	pos := j.inc.Position
	if j.inc.State != Triggered || pos == nil || pos.Stage == StageFallback || pos.Waiting {
		return
	}
	for _, ref := range j.inc.Attempts {
		if ref.Step == j.inc.Steps && ref.State != paging.Failed && ref.State != paging.Canceled {
			return
		}
	}
	j.handOn("every attempt has failed", false)
}
