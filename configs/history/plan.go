package history

import (
	"context"
	"errors"
	"fmt"
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
	active Active
	old    *configs.Config // what is in force, for comparing; nil when there is none to compare with
	next   Revision
	config *configs.Config // next, composed; nil when nothing changes
	packed []byte
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
	err = h.append(ctx, configSeries, d.active.Head.Config, d.packed, d.next.Author, d.next.Reason)
	if errors.Is(err, store.ErrConflict) {
		return Change{}, h.conflict(ctx, d.active.Revision)
	}
	return d.change, err
}

// append adds to a series; [store.ErrConflict] when somebody was faster.
func (h *History) append(ctx context.Context, series string, after uint64, data []byte, author, reason string) error {
	err := h.Series.Append(ctx, series, after, h.Token(), data)
	if err == nil && h.Stored != nil {
		h.Stored(series, after+1, data, author, reason)
	}
	if err == nil || errors.Is(err, store.ErrConflict) {
		return err
	}
	return errors.Join(ErrStore, err)
}

// draft works a proposal out: its files, whether they can be in force, and what the rotations
// need so that nobody's shift moves.
func (h *History) draft(ctx context.Context, p Proposal, now time.Time) (d draft, err error) {
	if d.active, d.old, err = h.present(ctx); err != nil {
		return d, err
	}
	if err := h.mind(ctx, p, d.active); err != nil {
		return d, err
	}
	if d.next, err = h.revise(ctx, p, d.active); err != nil {
		return d, err
	}
	d.next.At, d.change.Handovers = now, []Handover{}
	if d.active.Head.Config != 0 && d.next.Hash == d.active.Revision.Hash && (p.Rollout == "" || !d.active.Revision.waits(now)) {
		d.change.Unchanged, d.change.Revision = true, d.active.Revision.Meta
		return d, nil
	}
	base, err := h.Build(d.next.Bundle)
	if err != nil {
		return d, err
	}
	d.next.Managed, d.next.Rollout = base.Managed, p.Rollout
	if p.Rollout == "" {
		d.next.Rollout = base.Rollout
	}
	if err := d.roll(base, now); err != nil {
		return d, err
	}
	if d.config, err = compose(base, d.next, d.active.Overlay); err != nil {
		return d, err
	}
	d.change.Revision = d.next.Meta
	d.change.Text = edit.Diff(d.active.Revision.label(), "proposed", texts(d.active.Revision.Bundle), texts(d.next.Bundle))
	if d.packed, err = pack(d.next); err != nil {
		return d, err
	}
	if n := len(d.packed); n > store.MaxSeriesValue {
		return d, refusedf("packed, the configuration has %d KiB; %d KiB fit into the store. Shorten its calendars", n>>10, store.MaxSeriesValue>>10)
	}
	return d, nil
}

// present is what is in force, and the same for comparing, which needs no secrets. What cannot
// be built here is no obstacle to a better one.
func (h *History) present(ctx context.Context) (active Active, old *configs.Config, err error) {
	active, err = h.Load(ctx)
	var broken *BrokenError
	switch {
	case err == nil:
		return active, active.Config, nil
	case errors.Is(err, ErrNone):
		return active, nil, nil
	case !errors.As(err, &broken) || errors.Is(err, ErrNewer) || h.Look == nil:
		return active, nil, err
	}
	base, err := h.Look(active.Revision.Bundle)
	if err != nil {
		return active, nil, nil //nolint:nilerr // a revision that nobody can read any more is compared with nothing
	}
	if old, err = compose(base, active.Revision, active.Overlay); err != nil {
		return active, nil, nil //nolint:nilerr // likewise
	}
	return active, old, nil
}

// mind refuses a proposal that was made from another revision than the active one.
func (h *History) mind(ctx context.Context, p Proposal, active Active) error {
	if p.Parent == 0 {
		if p.Bundle != nil && active.Revision.Managed && p.Origin != FromFiles {
			return refusedf("this installation is managed, so that the files here may be old: pull the active revision, %s, change that, and apply it; or say which revision they were made from (--parent)", active.Revision.Label())
		}
		return nil
	}
	if p.Parent == active.Head.Config && (p.ParentHash == "" || p.ParentHash == active.Revision.Hash) {
		return nil
	}
	parent, err := h.Revision(ctx, p.Parent)
	if err != nil {
		return err
	}
	if p.ParentHash != "" && p.ParentHash != parent.Hash {
		return refusedf("revision %d here is %s, not the one that the files were pulled from; is this the right store or server?", p.Parent, parent.Label())
	}
	return h.conflict(ctx, parent)
}

// revise makes the next revision of a proposal, but for what depends on its content.
func (h *History) revise(ctx context.Context, p Proposal, active Active) (Revision, error) {
	next := Revision{Meta: Meta{
		Format: format, Number: active.Head.Config + 1, Parent: active.Head.Config, Origin: FromApply, Author: p.Author, Reason: p.Reason,
	}}
	switch {
	case p.Bundle != nil && len(p.Ops) == 0 && p.Rollback == 0:
		next.Bundle = *p.Bundle
	case p.Bundle == nil && len(p.Ops) > 0 && p.Rollback == 0:
		if active.Head.Config == 0 {
			return next, ErrNone
		}
		if !active.Revision.Managed {
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
	if modes := schedules.Rollouts(); p.Rollout != "" && !slices.Contains(modes, p.Rollout) {
		return next, refusedf("rollout %q is unknown; use one of %v", p.Rollout, modes)
	}
	next.Hash = next.Bundle.Hash()
	if next.Seen = []string{next.Hash}; next.Origin != FromFiles {
		next.Seen = seen(active.Revision.Seen, next.Hash)
	}
	return next, nil
}

// mostSeen bounds how many hashes are kept of what was in force since files were brought.
const mostSeen = 50

func seen(before []string, hash string) []string {
	all := slices.DeleteFunc(slices.Clone(before), func(h string) bool { return h == hash })
	all = append(all, hash)
	return all[max(0, len(all)-mostSeen):]
}

// waits says whether a rollout of the revision is still to come.
func (r Revision) waits(now time.Time) bool {
	for _, pins := range r.Pins {
		for _, p := range pins {
			if p.Since.After(now) {
				return true
			}
		}
	}
	return false
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

// texts are the files of a configuration, for a diff: without secrets that stand in them.
func texts(b configs.Bundle) []edit.File {
	files := make([]edit.File, len(b.Files))
	for i, f := range b.Redacted().Files {
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

// notef adds a note for people.
func notef(d *draft, format string, args ...any) {
	d.change.Notes = append(d.change.Notes, fmt.Sprintf(format, args...))
}
