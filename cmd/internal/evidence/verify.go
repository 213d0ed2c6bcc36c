package evidence

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"tocsin/cmd/internal/auditor"
	"tocsin/escalation"
	"tocsin/escalation/audit"
)

// maxFile bounds what is unpacked of one file of a bundle.
const maxFile = 1 << 30

// Verify checks a bundle, and its part of the audit log against anchors. Nothing but the file
// is needed.
func Verify(f io.ReaderAt, size int64, now time.Time, anchors ...audit.Anchor) (auditor.Report, error) {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return auditor.Report{}, fmt.Errorf("this is no bundle of evidence: %w", err)
	}
	b := &bundle{files: map[string][]byte{}}
	for _, part := range z.File {
		data, err := unpack(part)
		if err != nil {
			b.find(part.Name, "it cannot be unpacked: %v: it was changed", err)
		}
		if _, twice := b.files[part.Name]; twice {
			b.find(part.Name, "it is there twice")
		}
		b.files[part.Name] = data
	}
	if b.files[fileManifest] == nil || b.files[fileAudit] == nil || b.files[fileIncident] == nil {
		return auditor.Report{}, errors.New("this is no bundle of evidence: it lacks " + fileManifest + ", " + fileAudit + " or " + fileIncident)
	}
	b.manifest()
	l, err := b.proof(now, anchors)
	if err != nil {
		return auditor.Report{}, err
	}
	r := auditor.Report{Head: l.Head(), Records: l.Records(), Incidents: 1, Findings: append(b.findings, l.Findings()...)}
	if r.Findings == nil {
		r.Findings = []audit.Finding{}
	}
	return r, nil
}

type bundle struct {
	files    map[string][]byte
	findings []audit.Finding
}

func (b *bundle) find(where, format string, args ...any) {
	b.findings = append(b.findings, audit.Finding{Where: where, Says: fmt.Sprintf(format, args...)})
}

func unpack(part *zip.File) ([]byte, error) {
	r, err := part.Open()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, maxFile))
	return data, errors.Join(err, r.Close())
}

// manifest holds the files against their digests.
func (b *bundle) manifest() {
	listed := map[string]bool{fileManifest: true}
	for line := range strings.Lines(string(b.files[fileManifest])) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok {
			b.find(fileManifest, "a line of it cannot be read: %.80q", line)
			continue
		}
		listed[name] = true
		switch data, there := b.files[name]; {
		case !there:
			b.find(name, "it is in the MANIFEST, but not there: it was deleted")
		case audit.Digest(data) != sum:
			b.find(name, "its SHA-256 is not the one in the MANIFEST: it was changed")
		}
	}
	for name := range b.files {
		if !listed[name] {
			b.find(name, "it is not in the MANIFEST: it was added")
		}
	}
}

// proof reads the chains and holds the incident against them.
func (b *bundle) proof(now time.Time, anchors []audit.Anchor) (*audit.Ledger, error) {
	var inc Incident
	v := audit.View{}
	for name, into := range map[string]any{fileIncident: &inc, fileMembers: &v.Members, fileAttempts: &v.Attempts} {
		if err := json.Unmarshal(b.files[name], into); err != nil {
			return nil, fmt.Errorf("%s cannot be read: %w", name, err)
		}
	}
	v.Incident, v.Revision = inc.Incident, inc.Revision
	var err error
	if v.Timeline, err = readTimeline(b.files[fileTimeline]); err != nil {
		return nil, err
	}
	before, links, err := readProof(b.files[fileAudit])
	if err != nil {
		return nil, err
	}
	within := anchors[:0:0]
	for _, a := range anchors {
		if a.Number > before.Number && a.Number <= before.Number+uint64(len(links)) {
			within = append(within, a)
			continue
		}
		b.findings = append(b.findings, audit.Finding{Note: true, Where: fmt.Sprintf("anchor %d", a.Number),
			Says: fmt.Sprintf("the bundle has the records %d to %d only, so that nothing can be said of it", before.Number+1, before.Number+uint64(len(links)))})
	}
	l := audit.NewLedger(now, within...)
	l.Proof(before, links)
	l.Close()
	l.Incident(v)
	return l, nil
}

func readTimeline(data []byte) (out []escalation.Entry, err error) {
	for line := range bytes.Lines(data) {
		hash, body, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
		var e escalation.Entry
		if err := json.Unmarshal(body, &e); err != nil {
			return nil, fmt.Errorf("%s: entry %d cannot be read: %w", fileTimeline, len(out)+1, err)
		}
		if !bytes.Equal(e.Hashed(), body) { // so that what is read is what was hashed
			return nil, fmt.Errorf("%s: entry %d is not as Tocsin writes it: it was changed", fileTimeline, len(out)+1)
		}
		e.Hash = string(hash)
		out = append(out, e)
	}
	return out, nil
}

func readProof(data []byte) (before audit.Head, links []audit.Link, err error) {
	first, rest, _ := bytes.Cut(data, []byte("\n"))
	before.Hash = string(first)
	for line := range bytes.Lines(rest) {
		fields := strings.SplitN(strings.TrimSuffix(string(line), "\n"), " ", 4)
		if len(fields) != 4 {
			return before, nil, fmt.Errorf("%s: a line cannot be read: %.80q", fileAudit, line)
		}
		number, err := strconv.ParseUint(fields[0], 10, 64)
		if err != nil {
			return before, nil, fmt.Errorf("%s: a line has no number: %w", fileAudit, err)
		}
		if len(links) == 0 {
			before.Number = number - 1
		}
		link := audit.Link{Hash: fields[1], Sum: fields[2]}
		if fields[3] != "-" {
			link.Body = []byte(fields[3])
			link.Sum = audit.Digest(link.Body)
		}
		links = append(links, link)
	}
	return before, links, nil
}
