package watch

import (
	"context"
	"fmt"
	"time"
)

// overdueBound is how late a timer may be before that is an alarm: not a burst, nor the end
// of an outage that is being worked off.
const overdueBound = time.Minute

// alarm is trouble of Tocsin itself, under a key that all processes agree on.
type alarm struct{ key, title, details string }

// troubles are the alarms that a report gives rise to. A process that cannot write is told by
// the others and by the outside heartbeat: once it could tell it itself, it is over.
func (r *Report) troubles(self Peer) (all []alarm) {
	for _, p := range r.Standing {
		if p != Commit {
			all = append(all, partAlarm(self.ID, self.URL, p))
		}
	}
	for _, peer := range r.Peers {
		for _, p := range peer.Standing {
			all = append(all, partAlarm(peer.ID, peer.URL, p))
		}
	}
	if r.Overdue > overdueBound {
		all = append(all, alarm{
			key: "watch:overdue", title: fmt.Sprintf("Tocsin works timers off %s late", r.Overdue.Round(time.Second)),
			details: "Escalations and repeats come late or not at all. See the logs of all processes and the load of the store.",
		})
	}
	if r.Canary.Missed != "" {
		all = append(all, alarm{
			key: "watch:canary", title: "Tocsin's canary is missing",
			details: "A test incident did not reach its provider in time: " + r.Canary.Missed,
		})
	}
	return all
}

func partAlarm(id, url string, p Part) alarm {
	return alarm{
		key: "watch:" + string(p) + ":" + id, title: fmt.Sprintf("Tocsin process %s: %s stands", url, p),
		details: "A part of this process has not moved for " + Bound.String() + ". The others go on; see its log, and restart it if it does not recover.",
	}
}

const (
	alarmTimeout = 10 * time.Second
	// alarmLooks is how many looks in a row must see a trouble before it is an alarm: what a
	// process says of itself right after the store was away is old.
	alarmLooks = 3
)

// settled are the troubles that have lasted.
func (w *Watcher) settled(r *Report) (all []alarm) {
	looks := map[string]int{}
	for _, a := range r.troubles(w.Registry.Self()) {
		if looks[a.key] = w.looks[a.key] + 1; looks[a.key] >= alarmLooks {
			all = append(all, a)
		}
	}
	w.looks = looks
	return all
}

// alarms raises what is wrong, again while it lasts, and ends what is over.
func (w *Watcher) alarms(ctx context.Context, r *Report) {
	ctx, cancel := context.WithTimeout(ctx, alarmTimeout)
	defer cancel()
	settings := w.Config.Config().Watch
	now := map[string]bool{}
	for _, a := range w.settled(r) {
		now[a.key] = true
		if !w.raised[a.key] {
			w.log.Error("Tocsin itself is in trouble", "what", a.title, "key", a.key)
		}
		if _, err := w.Engine.Alarm(ctx, a.key, a.title, a.details, settings.Policy, settings.Severity); err != nil {
			w.log.Error("an alarm about Tocsin itself cannot be raised; tried again", "key", a.key, "error", err)
		}
	}
	for key := range w.raised {
		if now[key] {
			continue
		}
		if err := w.Engine.AlarmOver(ctx, key); err != nil {
			w.log.Warn("an alarm about Tocsin itself cannot be ended; it ends by silence", "key", key, "error", err)
		}
	}
	w.raised = now
}
