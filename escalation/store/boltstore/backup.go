package boltstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// ErrNotEmpty says that something is there already where a backup should be restored.
var ErrNotEmpty = errors.New("there is a store already")

// Snapshot writes the file as it stands now, while others go on writing. It is copied beside
// itself first: a reader that is slow would hold up writers whenever the file outgrows its map.
func (s *Store) Snapshot(ctx context.Context, w io.Writer) error {
	path := s.db.Path() + ".snapshot"
	defer func() { _ = os.Remove(path) }() // when it was not made there is nothing to remove
	if err := s.view(ctx, func(t *txn) error { return t.tx.CopyFile(path, 0o600) }); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("boltstore: %w", err)
	}
	_, err = io.Copy(w, f)
	return errors.Join(err, f.Close())
}

// Restore makes a store in that folder of a snapshot. ErrNotEmpty: there is one; with force it
// is set aside under another name, which is returned.
func Restore(folder string, snapshot io.Reader, force bool) (aside string, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("boltstore: cannot make the folder: %w", err)
	}
	path := filepath.Join(folder, File)
	if _, err := os.Stat(path); err == nil {
		if !force {
			return "", fmt.Errorf("boltstore: %s: %w", path, ErrNotEmpty)
		}
		if err := unlocked(path); err != nil {
			return "", err
		}
		aside = path + ".before-restore"
	}
	fresh := path + ".restoring"
	if err := receive(fresh, snapshot); err != nil {
		_ = os.Remove(fresh) // half a file is of no use
		return "", err
	}
	if aside != "" {
		if err := os.Rename(path, aside); err != nil {
			return "", fmt.Errorf("boltstore: %w", err)
		}
	}
	if err := errors.Join(os.Rename(fresh, path), syncFolder(folder)); err != nil {
		return aside, fmt.Errorf("boltstore: %w", err)
	}
	return aside, nil
}

func unlocked(path string) error {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second, ReadOnly: true})
	if errors.Is(err, berrors.ErrTimeout) {
		return fmt.Errorf("boltstore: %s: %w; stop it first", path, ErrLocked)
	}
	if err != nil {
		return nil //nolint:nilerr // what cannot be opened is what a restore is for
	}
	return db.Close()
}

func receive(path string, snapshot io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("boltstore: %w", err)
	}
	_, err = io.Copy(f, snapshot)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("boltstore: the file of the backup could not be written: %w", err)
	}
	return nil
}
