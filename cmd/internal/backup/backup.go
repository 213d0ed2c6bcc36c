// Package backup writes everything that a store holds into one file, and makes a store of it
// again.
//
//	tocsin-backup 1 LF
//	gzip( head as JSON LF, frames, tail as JSON )
//	sha256 HEX LF                       of everything before
//
// A frame is a byte that says what it is, and three texts, each after its length as a uvarint;
// a frame 'e' ends them, its last text is the tail. Of the embedded store the frames are the
// pieces of its file (which are consistent: one read transaction); of Redis they are
// redisstore.Item, each incident whole at one moment, though not all at the same. The file is
// read twice, so that nothing is restored of a damaged one.
package backup

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"tocsin/escalation/store"
	"tocsin/escalation/store/boltstore"
	"tocsin/escalation/store/redisstore"
)

const (
	magic     = "tocsin-backup 1\n"
	sumWord   = "sha256 "
	tailBytes = len(sumWord) + 2*sha256.Size + 1
	format    = 1
	maxFrame  = 1 << 30
	piece     = 1 << 20 // of the embedded store's file
)

// The kinds of stores.
const (
	Embedded = "embedded"
	Redis    = "redis"
)

// Frames that are not redisstore's.
const (
	framePiece = 'b'
	frameEnd   = 'e'
)

// Head says what a backup is of.
type Head struct {
	Format  int       `json:"v"`
	Kind    string    `json:"kind"` // Embedded or Redis
	Version string    `json:"version"`
	Began   time.Time `json:"began"`
	Shards  int       `json:"shards"`
}

// Tail says what a backup should hold.
type Tail struct {
	Ended     time.Time `json:"ended"`
	Frames    int       `json:"frames"`
	Incidents int       `json:"incidents,omitempty"` // of Redis
}

// ErrDamaged is a file that is not what was written.
var ErrDamaged = errors.New("the backup is damaged or was cut off; nothing was restored")

// Write writes a backup of s.
func Write(ctx context.Context, s store.Store, w io.Writer, version string, now func() time.Time) (Tail, error) {
	head := Head{Format: format, Version: version, Began: now().UTC(), Shards: s.Shards()}
	out := newWriter(w)
	var tail Tail
	var err error
	if guard, ok := s.(interface{ Unwrap() store.Store }); ok {
		s = guard.Unwrap()
	}
	switch s := s.(type) {
	case *boltstore.Store:
		head.Kind = Embedded
		out.head(head)
		err = s.Snapshot(ctx, pieces{out})
	case *redisstore.Store:
		head.Kind = Redis
		out.head(head)
		tail.Incidents, err = s.Dump(ctx, func(it redisstore.Item) error {
			return out.frame(it.Kind, it.Key, it.Name, it.Value)
		})
	default:
		return tail, errors.New("this kind of store has no backup")
	}
	if err != nil {
		return tail, err
	}
	tail.Ended, tail.Frames = now().UTC(), out.frames
	return tail, out.end(tail)
}

// writer writes the container; its errors are kept until the end.
type writer struct {
	w      io.Writer // to the file and the hash
	file   io.Writer
	sum    hash.Hash
	zip    *gzip.Writer
	err    error
	frames int
}

func newWriter(file io.Writer) *writer {
	sum := sha256.New()
	w := &writer{w: io.MultiWriter(file, sum), file: file, sum: sum}
	_, w.err = io.WriteString(w.w, magic)
	w.zip, _ = gzip.NewWriterLevel(w.w, gzip.BestSpeed) // the level is one
	return w
}

func (w *writer) write(b []byte) {
	if w.err == nil {
		_, w.err = w.zip.Write(b)
	}
}

func (w *writer) head(h Head) {
	b, err := json.Marshal(h)
	w.err = errors.Join(w.err, err)
	w.write(append(b, '\n'))
}

func (w *writer) frame(kind byte, texts ...string) error {
	b := []byte{kind}
	for _, text := range texts {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	w.write(b)
	w.frames++
	return w.err
}

func (w *writer) end(t Tail) error {
	b, err := json.Marshal(t)
	if err != nil {
		return err
	}
	if err := errors.Join(w.frame(frameEnd, "", "", string(b)), w.zip.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.file, "%s%x\n", sumWord, w.sum.Sum(nil))
	return err
}

// pieces makes frames of a file.
type pieces struct{ w *writer }

func (p pieces) Write(b []byte) (int, error) {
	for from := 0; from < len(b); from += piece {
		if err := p.w.frame(framePiece, "", "", string(b[from:min(from+piece, len(b))])); err != nil {
			return from, err
		}
	}
	return len(b), nil
}

// check reads the whole file and compares its sum. It leaves the file at its start.
func check(f io.ReadSeeker) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if size < int64(len(magic)+tailBytes) {
		return fmt.Errorf("%w: it has only %d bytes", ErrDamaged, size)
	}
	sum := sha256.New()
	first := make([]byte, len(magic))
	if _, err := io.ReadFull(io.TeeReader(f, sum), first); err != nil {
		return err
	}
	if string(first) != magic {
		return errors.New("this is no backup of Tocsin, or one of a newer version")
	}
	if _, err := io.CopyN(sum, f, size-int64(len(magic)+tailBytes)); err != nil {
		return err
	}
	last := make([]byte, tailBytes)
	if _, err := io.ReadFull(f, last); err != nil {
		return err
	}
	if want := sumWord + hex.EncodeToString(sum.Sum(nil)) + "\n"; string(last) != want {
		return fmt.Errorf("%w: its SHA-256 is not the one at its end", ErrDamaged)
	}
	_, err = f.Seek(int64(len(magic)), io.SeekStart)
	return err
}

// reader reads frames of a file that was checked.
type reader struct {
	r      *bufio.Reader
	head   Head
	tail   Tail
	frames int
	done   bool
}

func newReader(f io.Reader) (*reader, error) {
	zip, err := gzip.NewReader(f)
	if err != nil {
		return nil, errors.Join(ErrDamaged, err)
	}
	zip.Multistream(false) // the sum follows
	r := &reader{r: bufio.NewReaderSize(zip, 1<<20)}
	line, err := r.r.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &r.head)
	}
	if err != nil {
		return nil, errors.Join(ErrDamaged, err)
	}
	if r.head.Format > format {
		return nil, errors.New("the backup was made by a newer version of Tocsin; upgrade this one")
	}
	return r, nil
}

// next returns a frame; io.EOF at the end.
func (r *reader) next() (kind byte, texts [3]string, err error) {
	if r.done {
		return 0, texts, io.EOF
	}
	if kind, err = r.r.ReadByte(); err != nil {
		return 0, texts, errors.Join(ErrDamaged, err)
	}
	for i := range texts {
		n, err := binary.ReadUvarint(r.r)
		if err != nil || n > maxFrame {
			return 0, texts, errors.Join(ErrDamaged, err)
		}
		var b bytes.Buffer
		if _, err := io.CopyN(&b, r.r, int64(n)); err != nil {
			return 0, texts, errors.Join(ErrDamaged, err)
		}
		texts[i] = b.String()
	}
	if kind != frameEnd {
		r.frames++
		return kind, texts, nil
	}
	r.done = true
	if err := json.Unmarshal([]byte(texts[2]), &r.tail); err != nil || r.tail.Frames != r.frames {
		return 0, texts, ErrDamaged
	}
	return 0, texts, io.EOF
}
