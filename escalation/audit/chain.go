package audit

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	version   = "tocsin-audit-1"
	batchWord = "tocsin-audit"
)

// The formats of a batch.
const (
	plain  = 1
	packed = 2 // the lines are deflated, which leaves a good third of them
)

const (
	// tooShort is what is not worth packing.
	tooShort = 2 << 10
	// longest bounds what a damaged batch can claim to hold.
	longest = 64 << 20
)

// ErrNewer is a batch that a newer version of Tocsin wrote.
var ErrNewer = errors.New("the audit log was written by a newer version of Tocsin; upgrade this one")

// Head is where a chain ends: number and hash of its last record. The zero Head is that of an
// empty one.
type Head struct {
	Number uint64 `json:"number"`
	Hash   string `json:"hash"`
}

// Anchor is a head that was kept elsewhere.
type Anchor = Head

// ParseAnchor reads NUMBER:HASH, as `tocsin audit head` prints it.
func ParseAnchor(text string) (Anchor, error) {
	number, hash, _ := strings.Cut(strings.TrimSpace(text), ":")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || n == 0 || len(hash) != 64 || strings.Trim(hash, "0123456789abcdef") != "" {
		return Anchor{}, fmt.Errorf("%q is no anchor; write NUMBER:HASH as `tocsin audit head` prints it", text)
	}
	return Anchor{n, hash}, nil
}

func (h Head) String() string { return strconv.FormatUint(h.Number, 10) + ":" + h.before() }

// before is the hash that the next record is chained to.
func (h Head) before() string {
	if h.Number == 0 {
		return strings.Repeat("0", 64)
	}
	return h.Hash
}

// Link is a record as a proof needs it: with Body, or with only the digest of one that is left out.
type Link struct {
	Hash string
	Body []byte // the line of JSON; nil in a proof when it is left out
	Sum  string // SHA-256 of the body
}

// next returns the hash of the record after prev whose body has that digest.
func next(prev, sum string) string {
	return Digest([]byte(version + "\n" + prev + "\n" + sum + "\n"))
}

// Extend numbers the records after h and returns them as a batch for the store, with the head
// after them.
func (h Head) Extend(records []Record) ([]byte, Head, error) {
	var lines bytes.Buffer
	first, before := h.Number+1, h.before()
	for _, r := range records {
		r.Number, r.At = h.Number+1, r.At.UTC()
		body, err := json.Marshal(r)
		if err != nil {
			return nil, h, fmt.Errorf("audit: record %d: %w", r.Number, err)
		}
		h = Head{r.Number, next(h.before(), Digest(body))}
		lines.WriteString(h.Hash)
		lines.WriteByte(' ')
		lines.Write(body)
		lines.WriteByte('\n')
	}
	format := plain
	if lines.Len() >= tooShort {
		format = packed
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %d %d %s\n", batchWord, format, first, before)
	if format == plain {
		b.Write(lines.Bytes())
		return b.Bytes(), h, nil
	}
	zip, _ := flate.NewWriter(&b, flate.BestSpeed) // the level is one
	_, _ = zip.Write(lines.Bytes())                // a Buffer takes everything
	_ = zip.Close()
	return b.Bytes(), h, nil
}

// unpack returns the lines of a packed batch. Nothing may follow them, so that all that is
// stored is checked.
func unpack(b []byte) ([]byte, error) {
	in := bytes.NewReader(b)
	lines, err := io.ReadAll(io.LimitReader(flate.NewReader(in), longest))
	if err == nil && (in.Len() > 0 || len(lines) == longest) {
		err = errors.New("there is more than there should be")
	}
	return lines, err
}

// Batch is one value of the series, taken apart. Nothing of it is checked yet.
type Batch struct {
	First uint64 // number of its first record
	Prev  string // hash before it
	Links []Link
}

// ParseBatch takes a value of the series apart.
func ParseBatch(value []byte) (Batch, error) {
	head, rest, ok := bytes.Cut(value, []byte("\n"))
	fields := strings.Fields(string(head))
	if !ok || len(fields) != 4 || fields[0] != batchWord {
		return Batch{}, errors.New("it is not a batch of the audit log")
	}
	format, err := strconv.Atoi(fields[1])
	if err != nil || format > packed {
		return Batch{}, ErrNewer
	}
	first, err := strconv.ParseUint(fields[2], 10, 64)
	if err != nil {
		return Batch{}, errors.New("its head line has no number")
	}
	if format == packed {
		if rest, err = unpack(rest); err != nil {
			return Batch{}, fmt.Errorf("its records cannot be unpacked: %w", err)
		}
	}
	b := Batch{First: first, Prev: fields[3]}
	for line := range bytes.Lines(rest) {
		hash, body, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
		b.Links = append(b.Links, Link{Hash: string(hash), Body: body, Sum: Digest(body)})
	}
	return b, nil
}

// Head is where the chain ends after b.
func (b Batch) Head() Head {
	if len(b.Links) == 0 {
		return Head{b.First - 1, b.Prev}
	}
	return Head{b.First + uint64(len(b.Links)) - 1, b.Links[len(b.Links)-1].Hash}
}

// Record reads the body of a link.
func (l Link) Record() (r Record, err error) {
	err = json.Unmarshal(l.Body, &r)
	return r, err
}
