package standby

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/paging"
	"tocsin/routing"
)

// aside is a folder beside the spool with what the store answered that it cannot take, one file
// each: it holds up nothing any more, and nothing of it is forgotten.
type aside struct {
	folder string
	n      atomic.Int64
}

// open counts what is there already, and says so.
func (a *aside) open(folder string, log *slog.Logger) {
	a.folder = filepath.Join(folder, "aside")
	files, err := os.ReadDir(a.folder)
	if err != nil {
		return // there is none yet
	}
	if a.n.Store(int64(len(files))); len(files) > 0 {
		log.Warn("the spool has things set aside that the store could not take; look at them, and delete their files", "folder", a.folder, "files", len(files))
	}
}

// put writes a file, durably.
func (a *aside) put(name string, content any) (string, error) {
	path := filepath.Join(a.folder, name+".json")
	_, absent := os.Stat(path)
	body, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return path, err
	}
	if err := os.MkdirAll(a.folder, 0o700); err != nil {
		return path, fmt.Errorf("standby: nothing can be set aside: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return path, fmt.Errorf("standby: nothing can be set aside: %w", err)
	}
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return path, fmt.Errorf("standby: %s cannot be written: %w", path, err)
	}
	if absent != nil {
		a.n.Add(1)
	}
	return path, nil
}

// Aside is how many things were set aside: the store answered, but could not take them.
func (s *Standby) Aside() int { return int(s.aside.n.Load()) }

// setAside puts away a line that nobody can apply.
func (s *Standby) setAside(l line, why error) error {
	path, err := s.aside.put(fmt.Sprintf("line-%d", l.at.UnixNano()), struct {
		At         time.Time
		Why        string
		Line       record
		Unreadable []byte `json:",omitempty"`
	}{l.at, why.Error(), l.record, l.unreadable})
	if err == nil {
		s.log.Error("something that was kept while the store was away cannot be applied and is set aside", "file", path, "taken", l.at, "error", why)
	}
	return err
}

// setAlertAside puts away a delivery, and has what fires in it paged as trouble of Tocsin itself:
// it was accepted, so it reaches a human.
func (s *Standby) setAlertAside(ctx context.Context, l line, d engine.Delivery, why error) error {
	l.Delivery = &d
	name := fmt.Sprintf("line-%d", l.at.UnixNano())
	if len(d.Batch.Alerts) > 0 {
		name += "-" + fmt.Sprintf("%x", sha256.Sum256([]byte(d.Batch.Alerts[0].Identity)))[:12]
	}
	path, err := s.aside.put(name, struct {
		At   time.Time
		Why  string
		Line record
	}{l.at, why.Error(), l.record})
	if err != nil {
		return err
	}
	s.log.Error("a delivery that was kept while the store was away cannot be applied and is set aside", "file", path, "taken", l.at, "integration", d.Integration, "error", why)
	for _, a := range d.Batch.Alerts {
		if a.Status != routing.Firing {
			continue
		}
		stuck, err := s.insist(ctx, func(ctx context.Context) error { return s.alarm(ctx, a, l.at, path) })
		if err != nil {
			return err
		}
		if stuck != nil {
			s.log.Error("nobody could be paged for an alert that is set aside", "file", path, "error", stuck)
		}
	}
	return nil
}

func (s *Standby) alarm(ctx context.Context, a routing.Alert, at time.Time, path string) error {
	decision := s.shared.Book().Table.Route(a, s.shared.Now())[0]
	if decision.Dropped != "" {
		return nil
	}
	details := "It was accepted at " + at.Format(time.RFC3339) + " while the store was away, and the store cannot take it: see the log, and " + path + " on " + s.cfg.Process
	_, err := s.shared.Alarm(ctx, "aside:"+a.Integration+":"+a.Identity, a.Title, details, decision.Policy, decision.Severity)
	return err
}

// setIncidentAside puts away an incident of the spool. What fires in it is still in the ledger.
func (s *Standby) setIncidentAside(ctx context.Context, id paging.IncidentID, why error) error {
	loaded, err := s.spool.store.Load(ctx, []store.Query{{ID: id}})
	if err != nil {
		return err
	}
	cmd, err := s.command(ctx, loaded[0].Incident)
	if err != nil {
		return err
	}
	path, err := s.aside.put("incident-"+string(id), cmd)
	if err != nil {
		return err
	}
	s.log.Error("an incident that was kept while the store was away cannot be brought in and is set aside; its alerts are taken in anew", "file", path, "incident", id, "error", why)
	return s.markMerged(ctx, loaded[0])
}
