package evidence

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"tocsin/cmd/internal/auditor"
	"tocsin/configs/history"
	"tocsin/escalation"
	"tocsin/escalation/audit"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// ErrNone says that there is no such incident.
var ErrNone = errors.New("there is no such incident")

// file is one of a bundle.
type file struct {
	name string
	data []byte
}

// Bundle is what is known of an incident.
type Bundle struct {
	files []file
	Sum   string // SHA-256 of its MANIFEST, for the audit log
	made  time.Time
}

// Collect reads all that is known of an incident.
func Collect(ctx context.Context, s store.Store, id paging.IncidentID, now time.Time) (*Bundle, error) {
	v, there, err := auditor.View(ctx, s, id)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, ErrNone
	}
	b := &Bundle{made: now}
	proof, err := auditor.ProofOf(ctx, s, v.Incident.ID)
	if err != nil {
		return nil, fmt.Errorf("the audit log cannot be read: %w", err)
	}
	config, err := inForce(ctx, s, v.Incident.OpenedAt)
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	inbound, bodies, err := inboundOf(ctx, s, v)
	if err != nil {
		return nil, fmt.Errorf("the intake log cannot be read: %w", err)
	}
	for _, x := range []struct {
		name string
		v    any
	}{
		{fileIncident, Incident{v.Revision, v.Incident}}, {fileMembers, v.Members}, {fileAttempts, withoutTokens(v.Attempts)},
		{fileConfig, config}, {fileInbound, inbound},
	} {
		if err := b.addJSON(x.name, x.v); err != nil {
			return nil, err
		}
	}
	b.files = append(b.files, bodies...)
	b.add(fileTimeline, timeline(v.Timeline))
	b.add(fileAudit, proofText(proof))
	b.add(fileReadme, []byte(readme(string(id), proof.Head().String())))
	var manifest strings.Builder
	for _, f := range b.files {
		fmt.Fprintf(&manifest, "%s  %s\n", audit.Digest(f.data), f.name)
	}
	b.Sum = audit.Digest([]byte(manifest.String()))
	b.add(fileManifest, []byte(manifest.String()))
	return b, nil
}

func (b *Bundle) add(name string, data []byte) { b.files = append(b.files, file{name, data}) }

func (b *Bundle) addJSON(name string, v any) error {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	b.add(name, out.Bytes())
	return nil
}

// Write writes the ZIP.
func (b *Bundle) Write(w io.Writer) error {
	z := zip.NewWriter(w)
	for _, f := range b.files {
		part, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: b.made})
		if err == nil {
			_, err = part.Write(f.data)
		}
		if err != nil {
			return err
		}
	}
	return z.Close()
}

func timeline(entries []escalation.Entry) []byte {
	var b bytes.Buffer
	for _, e := range entries {
		fmt.Fprintf(&b, "%s %s\n", e.Hash, e.Hashed())
	}
	return b.Bytes()
}

func proofText(p auditor.Proof) []byte {
	var b bytes.Buffer
	fmt.Fprintln(&b, p.Before)
	for i, link := range p.Links {
		body := link.Body
		if body == nil {
			body = []byte("-")
		}
		fmt.Fprintf(&b, "%d %s %s %s\n", p.First+uint64(i), link.Hash, link.Sum, body)
	}
	return b.Bytes()
}

// inForce is the revision of the configuration that was in force at that time; nil when that
// cannot be told any more.
func inForce(ctx context.Context, s store.Store, at time.Time) (*Revision, error) {
	h := &history.History{Series: s}
	list, err := h.List(ctx, store.SeriesKept)
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		if m.At.After(at) {
			continue
		}
		r, err := h.Revision(ctx, m.Number)
		if err != nil {
			return nil, err
		}
		out := &Revision{Number: m.Number, Hash: m.Hash, At: m.At, Author: m.Author, Reason: m.Reason, Files: map[string]string{}}
		for _, f := range r.Bundle.Redacted().Files {
			out.Files[f.Name] = string(f.Data)
		}
		return out, nil
	}
	return nil, nil
}
