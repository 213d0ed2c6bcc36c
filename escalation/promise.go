package escalation

import (
	"slices"
	"time"
)

// keptSLAs bounds how many clocks an incident remembers; the timeline has them all.
const keptSLAs = 32

func (j *judge) addSLA(s SLA) {
	if len(j.inc.SLAs) >= keptSLAs {
		if i := slices.IndexFunc(j.inc.SLAs, func(s SLA) bool { return s.Done() && s.Kind == SLAAcknowledge }); i >= 0 {
			j.inc.SLAs = slices.Delete(j.inc.SLAs, i, i+1)
		}
	}
	j.inc.SLAs = append(j.inc.SLAs, s)
}

// startSLAs starts the incident's own clocks with its first run.
func (j *judge) startSLAs() {
	level := j.level()
	j.startSLA(SLARespond, level.RespondWithin)
	j.startSLA(SLAResolve, level.ResolveWithin)
}

func (j *judge) startSLA(kind SLAKind, within time.Duration) {
	started := slices.ContainsFunc(j.inc.SLAs, func(s SLA) bool { return s.Kind == kind })
	if within > 0 && !started {
		j.addSLA(SLA{Kind: kind, Start: j.Now, Deadline: j.Now.Add(within)})
	}
}

// hastenSLAs follows a rise in severity: deadlines only come nearer.
func (j *judge) hastenSLAs() {
	level := j.level()
	for i := range j.inc.SLAs {
		s := &j.inc.SLAs[i]
		within := level.RespondWithin
		if s.Kind == SLAResolve {
			within = level.ResolveWithin
		}
		if s.Done() || s.Kind == SLAAcknowledge || within <= 0 {
			continue
		}
		if deadline := j.Now.Add(within); deadline.Before(s.Deadline) {
			s.Deadline = deadline
		}
	}
}

// tickSLA warns at three quarters and breaches at the end.
func (j *judge) tickSLA(i int) {
	s := &j.inc.SLAs[i]
	if s.WarnedAt.IsZero() {
		s.WarnedAt = j.Now
		j.noteSLA(s, "three quarters of its time are gone")
		return
	}
	s.Breached = j.Now
	j.noteSLA(s, "breached")
}

func (j *judge) noteSLA(s *SLA, what string) {
	name := string(s.Kind)
	if s.Tier != "" {
		name += " of " + s.Tier
	}
	j.note(Entry{Kind: EntrySLA, Tier: s.Tier, Text: "promise to " + name + " within " + short(s.Deadline.Sub(s.Start)) + ": " + what})
}

// meetAcknowledge stops the clocks that an acknowledgement answers.
func (j *judge) meetAcknowledge() {
	for i := range j.inc.SLAs {
		if s := &j.inc.SLAs[i]; !s.Done() && s.Kind != SLAResolve {
			j.stopSLA(s, true)
		}
	}
}

// stopSLAs stops all clocks at the end of the incident. One that ends by itself before anybody
// answered neither meets nor breaches the promise to answer.
func (j *judge) stopSLAs() {
	for i := range j.inc.SLAs {
		if s := &j.inc.SLAs[i]; !s.Done() {
			j.stopSLA(s, s.Kind == SLAResolve)
		}
	}
}

func (j *judge) stopSLA(s *SLA, met bool) {
	switch {
	case j.Now.After(s.Deadline):
		s.Breached = j.Now
		j.noteSLA(s, "breached")
	case met:
		s.MetAt = j.Now
		j.noteSLA(s, "met after "+short(j.Now.Sub(s.Start)))
	default:
		s.Ended = j.Now
	}
}

// endTierSLA stops the clock of the present tier when it ends without an answer.
func (j *judge) endTierSLA() {
	for i := range j.inc.SLAs {
		s := &j.inc.SLAs[i]
		if !s.Done() && s.Kind == SLAAcknowledge {
			if !j.Now.Before(s.Deadline) {
				s.Breached = j.Now
				j.noteSLA(s, "breached")
				continue
			}
			s.Ended = j.Now
			j.res.Changed = true
		}
	}
}
