package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	version   = "tocsin-audit-1"
	batchWord = "tocsin-audit"
	format    = 1
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
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %d %d %s\n", batchWord, format, h.Number+1, h.before())
	for _, r := range records {
		r.Number, r.At = h.Number+1, r.At.UTC()
		body, err := json.Marshal(r)
		if err != nil {
			return nil, h, fmt.Errorf("audit: record %d: %w", r.Number, err)
		}
		h = Head{r.Number, next(h.before(), Digest(body))}
		b.WriteString(h.Hash)
		b.WriteByte(' ')
		b.Write(body)
		b.WriteByte('\n')
	}
	return b.Bytes(), h, nil
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
	if n, err := strconv.Atoi(fields[1]); err != nil || n > format {
		return Batch{}, ErrNewer
	}
	first, err := strconv.ParseUint(fields[2], 10, 64)
	if err != nil {
		return Batch{}, errors.New("its head line has no number")
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
