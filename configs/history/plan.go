package history

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tocsin/configs"
	"tocsin/configs/edit"
	"tocsin/escalation/store"
	"tocsin/schedules"
)

// Ahead is how far a change of shifts is shown.
const Ahead = 90 * 24 * time.Hour

// draft is a proposal worked out.
type draft struct {
	active Active // Config is nil when there is none, or when it cannot be built here
	next   Revision
	config *configs.Config // next, composed; nil when nothing changes
	change Change
}

// Plan tells what a proposal would do. Nothing is stored.
func (h *History) Plan(ctx context.Context, p Proposal, now time.Time) (Change, error) {
	d, err := h.draft(ctx, p, now)
	if err != nil || d.change.Unchanged {
		return d.change, err
	}
	return d.change, h.foresee(ctx, &d, p, now)
}

// Apply puts a proposal in force, for all processes. A [ConflictError] says what came in
// between; a proposal that changes nothing makes no revision.
func (h *History) Apply(ctx context.Context, p Proposal, now time.Time) (Change, error) {
	d, err := h.draft(ctx, p, now)
	if err != nil || d.change.Unchanged {
		return d.change, err
	}
	if err := h.foresee(ctx, &d, p, now); err != nil {
		return Change{}, err
	}
	data, err := pack(d.next)
	if err != nil {
		return Change{}, err
	}
	err = h.Series.Append(ctx, configSeries, d.active.Head.Config, h.Token(), data)
	if errors.Is(err, store.ErrConflict) {
		return Change{}, h.conflict(ctx, d.active.Revision)
	}
	return d.change, err
}

// draft works a proposal out: its files, whether they can be in force, and what the rotations
// need so that nobody's shift moves.
func (h *History) draft(ctx context.Context, p Proposal, now time.Time) (d draft, err error) {
	if d.active, err = h.present(ctx); err != nil {
		return d, err
	}
	if p.Parent != 0 && p.Parent != d.active.Head.Config {
		parent, err := h.Revision(ctx, p.Parent)
		if err != nil {
			return d, err
		}
		return d, h.conflict(ctx, parent)
	}
	if d.next, err = h.revise(ctx, p, d.active); err != nil {
		return d, err
	}
	d.next.At = now
	d.change.Handovers = []Handover{}
	if d.active.Head.Config != 0 && d.next.Hash == d.active.Revision.Hash {
		d.change.Unchanged, d.change.Revision = true, d.active.Revision.Meta
		return d, nil
	}
	base, err := h.Build(d.next.Bundle)
	if err != nil {
		return d, err
	}
	if d.next.Rollout = p.Rollout; p.Rollout == "" {
		d.next.Rollout = base.Rollout
	}
	if d.next.Pins, d.change.Notes, err = pins(d.active, base, d.next.Rollout, now); err != nil {
		return d, err
	}
	if d.config, err = compose(base, d.next, d.active.Overlay); err != nil {
		return d, err
	}
	d.change.Revision = d.next.Meta
	d.change.Text = edit.Diff(d.active.Revision.label(), "proposed", texts(d.active.Revision.Bundle), texts(d.next.Bundle))
	return d, nil
}

// present is what is in force. One that cannot be built here is no obstacle to a better one.
func (h *History) present(ctx context.Context) (Active, error) {
	active, err := h.Load(ctx)
	if err == nil || errors.Is(err, ErrNone) {
		return active, nil
	}
	var problems configs.Problems
	if !errors.As(err, &problems) {
		return active, err
	}
	head, err := h.Head(ctx)
	if err != nil {
		return active, err
	}
	active.Head = head
	if active.Revision, err = h.Revision(ctx, head.Config); err != nil {
		return active, err
	}
	active.Overlay, err = h.overlay(ctx, head.Overlay)
	return active, err
}

// revise makes the next revision of a proposal, but for its pins.
func (h *History) revise(ctx context.Context, p Proposal, active Active) (Revision, error) {
	next := Revision{Meta: Meta{
		Format: format, Number: active.Head.Config + 1, Parent: active.Head.Config, Origin: FromApply, Author: p.Author, Reason: p.Reason,
	}}
	switch {
	case p.Bundle != nil && len(p.Ops) == 0 && p.Rollback == 0:
		next.Bundle = *p.Bundle
	case p.Bundle == nil && len(p.Ops) > 0 && p.Rollback == 0:
		if active.Config != nil && !active.Config.Managed {
			return next, refusedf("this installation is kept in files (config_mode: files): change them and apply them; only overrides, swaps and requests for cover are arranged here")
		}
		edited, err := edited(active.Revision.Bundle, p.Ops)
		if err != nil {
			return next, err
		}
		next.Bundle, next.Origin = edited, FromEdit
	case p.Bundle == nil && len(p.Ops) == 0 && p.Rollback > 0:
		old, err := h.Revision(ctx, p.Rollback)
		if err != nil {
			return next, err
		}
		next.Bundle, next.Origin, next.Of = old.Bundle, FromRollback, p.Rollback
	default:
		return next, refusedf("propose exactly one of files, edits and a rollback")
	}
	if p.Origin != "" {
		next.Origin = p.Origin
	}
	next.Hash, next.Files = next.Bundle.Hash(), active.Revision.Files
	if next.Origin == FromFiles {
		next.Files = next.Hash
	}
	return next, nil
}

// pins rolls every schedule out.
func pins(active Active, base *configs.Config, mode schedules.Rollout, now time.Time) (map[string][]schedules.Pin, []string, error) {
	if active.Config == nil {
		return nil, nil, nil
	}
	all, notes := map[string][]schedules.Pin{}, []string{}
	old := active.Config.Specs()
	specs := base.Specs()
	for _, name := range slices.Sorted(maps.Keys(specs)) {
		was, ok := old[name]
		if !ok {
			notes = append(notes, fmt.Sprintf("schedule %s is new", name))
			continue
		}
		pinned, told, err := schedules.Roll(was.Pinned(active.Revision.Pins[name]), specs[name], mode, now)
		if err != nil {
			return nil, nil, err
		}
		if len(pinned) > 0 {
			all[name] = pinned
		}
		for _, t := range told {
			notes = append(notes, name+": "+t)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if _, ok := specs[name]; !ok {
			notes = append(notes, fmt.Sprintf("schedule %s is gone", name))
		}
	}
	return all, notes, nil
}

// conflict tells what came between a revision and the active one.
func (h *History) conflict(ctx context.Context, parent Revision) error {
	active, err := h.Revision(ctx, 0)
	if err != nil {
		return err
	}
	return &ConflictError{
		Parent: parent.Meta, Active: active.Meta,
		Diff: edit.Diff(parent.label(), active.label(), texts(parent.Bundle), texts(active.Bundle)),
	}
}

func (r Revision) label() string {
	if r.Number == 0 {
		return "nothing"
	}
	return r.Label()
}

// texts are the files of a configuration, for a diff.
func texts(b configs.Bundle) []edit.File {
	files := make([]edit.File, len(b.Files))
	for i, f := range b.Files {
		files[i] = edit.File(f)
	}
	return files
}

// edited is a bundle with single values changed; its calendars stay.
func edited(b configs.Bundle, ops []edit.Op) (configs.Bundle, error) {
	var yaml []edit.File
	var out configs.Bundle
	for _, f := range b.Files {
		if f.IsCalendar() {
			out.Files = append(out.Files, f)
		} else {
			yaml = append(yaml, edit.File(f))
		}
	}
	yaml, err := edit.Apply(yaml, ops)
	for _, f := range yaml {
		out.Files = append(out.Files, configs.File(f))
	}
	return out, err
}
