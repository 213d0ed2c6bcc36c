package history

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"tocsin/configs"
	"tocsin/schedules"
)

// format is the version of what is written; a higher one is left alone.
const format = 1

// maxValue bounds what is unpacked, in bytes.
const maxValue = 64 << 20

// ErrNewer is a value that a newer version of Tocsin wrote.
var ErrNewer = errors.New("written by a newer version of Tocsin; update this one")

// Origin says how a revision came to be.
type Origin string

// The origins of a revision.
const (
	FromFiles    Origin = "files" // a process found its files changed, at its start or on reload
	FromApply    Origin = "apply"
	FromEdit     Origin = "edit"
	FromRollback Origin = "rollback"
)

// Meta describes a revision without its content.
type Meta struct {
	Format  int    `json:"v"`
	Number  uint64 `json:"number"`
	Parent  uint64 `json:"parent"` // 0: the first
	Hash    string `json:"hash"`   // of the files
	Origin  Origin `json:"origin"`
	Of      uint64 `json:"of,omitempty"`      // of a rollback: the revision whose files these are
	Managed bool   `json:"managed,omitempty"` // config_mode: managed
	// Seen are the hashes of what was in force since a process last brought files: files that
	// are one of them have not changed.
	Seen    []string          `json:"seen,omitempty"`
	Author  string            `json:"author"`
	Reason  string            `json:"reason,omitempty"`
	At      time.Time         `json:"at"`
	Rollout schedules.Rollout `json:"rollout"`
}

// Label names a revision for people and logs: "r12 3f9c0a…".
func (m Meta) Label() string {
	hash := m.Hash
	if len(hash) > 12 {
		hash = hash[:12]
	}
	return fmt.Sprintf("r%d %s", m.Number, hash)
}

// Revision is one state of the configuration.
type Revision struct {
	Meta
	Bundle configs.Bundle             `json:"bundle"`
	Pins   map[string][]schedules.Pin `json:"pins,omitempty"` // by schedule
}

// pack makes a value of v for a series.
func pack(v any) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return nil, err
	}
	err := w.Close()
	return b.Bytes(), err
}

// unpack is the inverse of pack.
func unpack(data []byte, into any) error {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("not a stored value: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxValue+1))
	switch {
	case err != nil:
		return fmt.Errorf("not a stored value: %w", err)
	case len(plain) > maxValue:
		return errors.New("a stored value is too large")
	}
	var version struct {
		Format int `json:"v"`
	}
	if err := json.Unmarshal(plain, &version); err != nil {
		return err
	}
	if version.Format > format {
		return ErrNewer
	}
	return json.Unmarshal(plain, into)
}
