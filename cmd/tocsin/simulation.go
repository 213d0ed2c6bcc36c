package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"tocsin/escalation"
	"tocsin/routing"
)

// simulationJSON is a simulation for scripts. Offsets count from the alert.
type simulationJSON struct {
	Alert    alertJSON         `json:"alert"`
	Alerts   int               `json:"alerts"` // that would be this incident
	Decision decisionJSON      `json:"decision"`
	Quiet    string            `json:"quiet,omitempty"` // why nobody is paged at first, or at all
	Pages    []pageJSON        `json:"pages"`
	Timeline []timelineJSON    `json:"timeline"`
	Labels   map[string]string `json:"labels,omitempty"`
}

type alertJSON struct {
	Source       string `json:"source"`
	Integration  string `json:"integration,omitempty"`
	Identity     string `json:"identity"`
	Title        string `json:"title"`
	SeverityWord string `json:"severity_word,omitempty"`
}

type decisionJSON struct {
	Policy      string           `json:"policy,omitempty"` // absent when dropped
	Key         routing.DedupKey `json:"key,omitempty"`
	Severity    routing.Severity `json:"severity"`
	Route       string           `json:"route,omitempty"`
	Reasons     []string         `json:"reasons"`
	HoldSeconds float64          `json:"hold_seconds,omitempty"`
	Muted       string           `json:"muted,omitempty"`
	MutedUntil  *time.Time       `json:"muted_until,omitempty"`
	Suppressed  string           `json:"suppressed,omitempty"`
	Dropped     string           `json:"dropped,omitempty"`
}

type pageJSON struct {
	At            *time.Time `json:"at"`
	OffsetSeconds float64    `json:"offset_seconds"`
	Tier          string     `json:"tier"`
	Round         int        `json:"round"` // 0 is the first
	User          string     `json:"user"`
	Contact       string     `json:"contact"`
	Channel       string     `json:"channel"`
	Address       string     `json:"address"`
	Deadline      *time.Time `json:"deadline"` // acknowledged by then, or the next tier starts
}

type timelineJSON struct {
	At            *time.Time           `json:"at"`
	OffsetSeconds float64              `json:"offset_seconds"`
	Kind          escalation.EntryKind `json:"kind"`
	Tier          string               `json:"tier,omitempty"`
	Text          string               `json:"text"`
}

func describe(sims []simulated, at time.Time) []simulationJSON {
	out := []simulationJSON{}
	for _, s := range sims {
		d := s.Decision
		j := simulationJSON{
			Alert:  alertJSON{s.alert.Source, s.alert.Integration, s.alert.Identity, s.alert.Title, s.alert.SeverityWord},
			Alerts: s.alerts, Quiet: s.Quiet, Pages: []pageJSON{}, Timeline: []timelineJSON{}, Labels: s.alert.Labels,
			Decision: decisionJSON{
				Policy: d.Policy, Key: d.Key, Severity: d.Severity, Route: d.Route, Reasons: append([]string{}, d.Reasons...),
				HoldSeconds: d.Hold.Seconds(), Muted: d.Muted, MutedUntil: utc(d.MutedUntil), Suppressed: d.Suppressed, Dropped: d.Dropped,
			},
		}
		for _, p := range s.Pages {
			j.Pages = append(j.Pages, pageJSON{utc(p.At), p.Offset.Seconds(), p.Tier, p.Round, p.User, p.Contact, p.Channel, p.Address, utc(p.Deadline)})
		}
		for _, e := range s.Timeline {
			j.Timeline = append(j.Timeline, timelineJSON{utc(e.At), e.At.Sub(at).Seconds(), e.Kind, e.Tier, e.Text})
		}
		out = append(out, j)
	}
	return out
}

func printSimulations(w io.Writer, book *escalation.Book, sims []simulated, at time.Time, horizon time.Duration) error {
	if len(sims) == 0 {
		_, err := fmt.Fprintln(w, "no alert fires: nobody is paged")
		return err
	}
	for i, s := range sims {
		if i > 0 {
			fmt.Fprintln(w)
		}
		printDecision(w, book, s, at)
		if s.Decision.Dropped != "" {
			fmt.Fprintf(w, "  nobody is paged: %s\n", oneLine(s.Quiet))
			continue
		}
		if err := printLadder(w, s, at, horizon); err != nil {
			return err
		}
	}
	return nil
}

// printDecision says what the alert is judged to be, and why.
func printDecision(w io.Writer, book *escalation.Book, s simulated, at time.Time) {
	d := s.Decision
	head := fmt.Sprintf("%s %s", d.Severity, s.alert.Title)
	if s.alerts > 1 {
		head += fmt.Sprintf(" (one incident of %d alerts)", s.alerts)
	}
	fmt.Fprintln(w, oneLine(head))
	fmt.Fprintf(w, "  fires    %s\n", clock(at.UTC()))
	if d.Dropped == "" {
		fmt.Fprintln(w, oneLine(fmt.Sprintf("  policy   %s, by %s", d.Policy, d.Route)))
		fmt.Fprintf(w, "  key      %s\n", oneLine(string(d.Key)))
	}
	for _, reason := range d.Reasons {
		fmt.Fprintf(w, "  because  %s\n", oneLine(reason))
	}
	level := book.Scale.Level(d.Severity)
	if level.RespondWithin > 0 && d.Dropped == "" && d.Suppressed == "" {
		fmt.Fprintf(w, "  promise  acknowledged within %s", span(level.RespondWithin))
		if level.ResolveWithin > 0 {
			fmt.Fprintf(w, ", resolved within %s", span(level.ResolveWithin))
		}
		fmt.Fprintln(w)
	}
}

// printLadder lists pages and what starts or ends tiers, in order of time.
func printLadder(w io.Writer, s simulated, at time.Time, horizon time.Duration) error {
	rows := [][]string{}
	next := 0
	pagesUntil := func(t time.Time) {
		for ; next < len(s.Pages) && s.Pages[next].At.Before(t); next++ {
			rows = append(rows, pageRow(s.Pages[next]))
		}
	}
	for _, e := range s.Timeline {
		pagesUntil(e.At)
		if text := event(e, next == len(s.Pages)); text != "" {
			rows = append(rows, []string{"  +" + span(e.At.Sub(at)), e.At.UTC().Format(time.RFC3339), text})
		}
	}
	for ; next < len(s.Pages); next++ {
		rows = append(rows, pageRow(s.Pages[next]))
	}
	if err := table(w, rows); err != nil {
		return err
	}
	people := peopleOf(s.Pages)
	if len(people) == 0 {
		why := s.Quiet
		if why == "" {
			why = "nothing leads to anybody"
		}
		_, err := fmt.Fprintf(w, "  nobody is paged within %s: %s\n", span(horizon), oneLine(why))
		return err
	}
	_, err := fmt.Fprintf(w, "  paged in this order, while nobody answers: %s\n", oneLine(strings.Join(people, ", ")))
	return err
}

// event is a timeline entry that tells why somebody is paged or is not; "" for the others.
// over says that no page follows: what starts the fallback then only repeats it.
func event(e escalation.Entry, over bool) string {
	switch e.Kind {
	case escalation.EntryTier, escalation.EntryHandOn, escalation.EntryQuiet, escalation.EntryNote, escalation.EntryResolved:
	default:
		return ""
	}
	switch {
	case e.Kind == escalation.EntryTier && e.Tier == escalation.FallbackName && over:
		return "the fallback again, and so on until somebody acts"
	case e.Kind == escalation.EntryTier && e.Round > 0 && e.Tier != escalation.FallbackName:
		return fmt.Sprintf("round %d, %s", e.Round+1, e.Text)
	default:
		return e.Text
	}
}

func pageRow(p escalation.SimulatedPage) []string {
	text := fmt.Sprintf("    page %s by %s %s (%s)", p.User, p.Channel, p.Address, p.Contact)
	if !p.Deadline.IsZero() {
		text += ", to be acknowledged by +" + span(p.Offset+p.Deadline.Sub(p.At))
	}
	return []string{"  +" + span(p.Offset), p.At.UTC().Format(time.RFC3339), text}
}
