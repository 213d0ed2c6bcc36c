package store

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"tocsin/escalation"
	"tocsin/paging"
)

// The stored shape is JSON, in short form (short.go): a field more is no change of format. This
// encoder takes half the time of encoding/json; its options keep what the
// struct tags mean there, and keep text that is not valid UTF-8 from being an error.
var codec = json.JoinOptions(
	jsonv1.OmitEmptyWithLegacySemantics(true),
	jsonv1.FormatDurationAsNano(true),
	jsontext.AllowInvalidUTF8(true),
	jsontext.AllowDuplicateNames(true),
)

// EncodeIncident returns the stored form of an incident, without its counters. A format of 0
// becomes the present one.
func EncodeIncident(i *escalation.Incident) ([]byte, error) {
	if i.Format == 0 {
		c := *i
		c.Format = escalation.Format
		i = &c
	}
	return encodeShort("incident "+string(i.ID), i)
}

// DecodeIncident reads what EncodeIncident wrote. ErrNewer: a newer version wrote it.
func DecodeIncident(b []byte) (*escalation.Incident, error) {
	i := new(escalation.Incident)
	if err := decode("incident", b, i); err != nil {
		return nil, err
	}
	return i, newer("incident "+string(i.ID), i.Format)
}

// EncodeAttempt returns the stored form of an attempt. A format of 0 becomes the present one.
func EncodeAttempt(a paging.Attempt) ([]byte, error) {
	if a.Format == 0 {
		a.Format = escalation.Format
	}
	return encodeShort("attempt "+string(a.ID), &a)
}

// DecodeAttempt reads what EncodeAttempt wrote. ErrNewer: a newer version wrote it.
func DecodeAttempt(b []byte) (paging.Attempt, error) {
	var a paging.Attempt
	if err := decode("attempt", b, &a); err != nil {
		return paging.Attempt{}, err
	}
	return a, newer("attempt "+string(a.ID), a.Format)
}

// EncodeMember returns the stored form of a member.
func EncodeMember(m escalation.Member) ([]byte, error) { return encodeShort("member", &m) }

// DecodeMember reads what EncodeMember wrote.
func DecodeMember(b []byte) (m escalation.Member, err error) {
	err = decode("member", b, &m)
	return m, err
}

// EncodeEntry returns the stored form of a timeline entry.
func EncodeEntry(e escalation.Entry) ([]byte, error) {
	line, err := appendEntry(make([]byte, 0, entrySize), &e)
	return shorten(line), err
}

// entrySize is what most entries need.
const entrySize = 512

func appendEntry(b []byte, e *escalation.Entry) ([]byte, error) {
	b, err := e.AppendJSON(b)
	if err != nil {
		return nil, fmt.Errorf("store: cannot encode a timeline entry: %w", err)
	}
	return b, nil
}

// EncodeEntries returns the stored form of several timeline entries in one value.
func EncodeEntries(entries []escalation.Entry) ([]byte, error) {
	lines := make([]byte, 0, entrySize*len(entries))
	var err error
	for i := range entries {
		if lines, err = appendEntry(lines, &entries[i]); err != nil {
			return nil, err
		}
		lines = append(lines, '\n') // there is none within JSON
	}
	return shorten(lines), nil
}

// DecodeEntries reads what EncodeEntries or EncodeEntry wrote.
func DecodeEntries(b []byte) (entries []escalation.Entry, err error) {
	plain, err := Plain(b)
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(plain) {
		e, err := DecodeEntry(line)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// DecodeEntry reads what EncodeEntry wrote.
func DecodeEntry(b []byte) (e escalation.Entry, err error) {
	err = decode("timeline entry", b, &e)
	return e, err
}

// Opening is what an incident opens with, beside itself.
type Opening struct {
	Members []escalation.Member `json:"m,omitempty"`
	Entries []escalation.Entry  `json:"e,omitempty"`
}

// EncodeOpening returns the stored form of an opening.
func EncodeOpening(o Opening) ([]byte, error) {
	members, err := encode("members", o.Members)
	if err != nil {
		return nil, err
	}
	b := append(make([]byte, 0, entrySize*(1+len(o.Entries))), `{"m":`...)
	b = append(append(b, members...), `,"e":[`...)
	for i := range o.Entries {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendEntry(b, &o.Entries[i]); err != nil {
			return nil, err
		}
	}
	return shorten(append(b, "]}"...)), nil
}

// DecodeOpening reads what EncodeOpening wrote.
func DecodeOpening(b []byte) (o Opening, err error) {
	err = decode("opening", b, &o)
	return o, err
}

// Encode returns the stored form of a value that has no format of its own.
func Encode(v any) ([]byte, error) { return encode("value", v) }

// Decode reads what Encode wrote into v, a pointer.
func Decode(b []byte, v any) error { return decode("value", b, v) }

func encode(what string, v any) ([]byte, error) {
	b, err := json.Marshal(v, codec)
	if err != nil {
		return nil, fmt.Errorf("store: cannot encode %s: %w", what, err)
	}
	return b, nil
}

func encodeShort(what string, v any) ([]byte, error) {
	b, err := encode(what, v)
	return shorten(b), err
}

// decode asks for the format only when the value cannot be read: a newer shape may well be
// another one.
func decode(what string, b []byte, v any) error {
	b, err := Plain(b)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err = json.Unmarshal(b, v, codec); err == nil {
		return nil
	}
	var head struct {
		Format int `json:"v"`
	}
	if json.Unmarshal(b, &head, codec) == nil && head.Format > escalation.Format {
		return newer(what, head.Format)
	}
	return fmt.Errorf("store: cannot decode %s: %w", what, err)
}

func newer(what string, format int) error {
	if format > escalation.Format {
		return fmt.Errorf("%w: %s has format %d, this version knows up to %d; upgrade this process",
			ErrNewer, what, format, escalation.Format)
	}
	return nil
}
