package engine

import (
	"context"
	"errors"
	"strings"
	"time"

	"tocsin/escalation"
	"tocsin/schedules"
)

// Tell texts one person once for that key, whichever process asks, however often: the outcome
// is Opened for the one call that did it, Recorded for all others. It asks for no answer, and
// nobody else ever hears of it; the incident is the proof. The text goes out at once, so the
// caller minds the hour.
func (e *Engine) Tell(ctx context.Context, key string, to schedules.UserID, text, details string) (escalation.Outcome, error) {
	memo := escalation.NewMemo(e.Book(), key, to, text, details, e.Now())
	it := &item{key: memo.Decision.Key, members: []escalation.MemberKey{memberOf(memo.Alert)}, cmd: memo}
	outcomes, err := e.submitAll(ctx, []*item{it}, false)
	if err != nil {
		return escalation.Outcome{}, err
	}
	return outcomes[0], nil
}

const (
	// reportEvery is how often readiness is looked at: a new configuration may bring news, or
	// owners whose day begins earlier.
	reportEvery = time.Hour
	// reportRetry follows trouble.
	reportRetry = 5 * time.Minute
	// toldKept is how long it is known what an owner was told: all is told again on Mondays.
	toldKept = 9 * 24 * time.Hour
)

// ReportReadiness tells every owner, by day and at most once a day, which weaknesses lie ahead
// (see [escalation.NewReport]). Call it at the start and again at next; any number of
// processes may do so. After an error the rest was told all the same.
func (e *Engine) ReportReadiness(ctx context.Context) (next time.Time, err error) {
	book, now := e.Book(), e.Now()
	next = now.Add(reportEvery)
	var findings []escalation.Finding
	looked := false
	for _, owner := range book.Owners() {
		zone, open, begins := book.ReportTime(owner, now)
		if begins.Before(next) {
			next = begins
		}
		if !open {
			continue
		}
		if !looked {
			findings, looked = escalation.Readiness(book, now, escalation.ReadinessOptions{}), true
		}
		err = errors.Join(err, e.report(ctx, owner, findings, now, zone))
	}
	if retry := now.Add(reportRetry); err != nil && retry.Before(next) {
		next = retry
	}
	return next, err
}

// report tells one owner. What was told is noted by who told it; were that lost, the owner
// would hear of it once more on the next day.
func (e *Engine) report(ctx context.Context, owner schedules.UserID, findings []escalation.Finding, now time.Time, zone *time.Location) error {
	key := "readiness:" + string(owner)
	told, _, err := e.store.Once(ctx, key, now)
	if err != nil {
		return unavailable(err)
	}
	report, ok := escalation.NewReport(findings, owner, now, zone, strings.Fields(told))
	if !ok {
		return nil
	}
	outcome, err := e.Tell(ctx, report.Key, owner, report.Title, report.Details)
	if err != nil || outcome.Kind != escalation.Opened {
		return err
	}
	return unavailable(e.store.SetOnce(ctx, key, strings.Join(report.Told, " "), now, toldKept))
}
