package source

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Unmarshal reads JSON as senders write it: unknown fields are ignored, a name may come
// twice, and bytes that are no UTF-8 become U+FFFD. The depth is checked first. The error
// wraps [ErrBody] and names the offset, or the place and what was expected there.
func Unmarshal(body []byte, into any) error {
	if err := CheckDepth(body); err != nil {
		return err
	}
	return explain(unmarshal(body, into), len(body))
}

// UnmarshalAnyDepth is [Unmarshal] without its look at the depth and without its words, for a
// caller that counts the depth on the way and reads the body by Unmarshal when anything is wrong.
func UnmarshalAnyDepth(body []byte, into any) error { return unmarshal(body, into) }

func unmarshal(body []byte, into any) error {
	return json.Unmarshal(body, into, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

func explain(err error, size int) error {
	if err == nil {
		return nil
	}
	if syn, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return fmt.Errorf("%w: not valid JSON at byte %d: %w", ErrBody, syn.ByteOffset, syn.Err)
	}
	if sem, ok := errors.AsType[*json.SemanticError](err); ok {
		place := string(sem.JSONPointer)
		if place == "" {
			place = "the top"
		}
		return fmt.Errorf("%w: wrong shape at %s (byte %d): %s", ErrBody, place, sem.ByteOffset, expected(sem))
	}
	return fmt.Errorf("%w: not valid JSON at byte %d: %w", ErrBody, size, err)
}

// expected says in the words of JSON what a Go type would have taken.
func expected(sem *json.SemanticError) string {
	want := "something else"
	if t := sem.GoType; t != nil {
		switch kind := t.Kind().String(); kind {
		case "struct", "map":
			want = "an object"
		case "slice", "array":
			want = "an array"
		default:
			want = "a " + kind
		}
		if t == reflect.TypeFor[time.Time]() {
			want = "a time as in RFC 3339"
		}
	}
	return "found " + kindName(sem.JSONKind) + ", expected " + want
}

func kindName(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '{':
		return "an object"
	case '[':
		return "an array"
	}
	return "a value"
}

// Kind is the first byte of the JSON value in body: '{', '[', '"', …, or 0 when empty.
func Kind(body []byte) byte {
	body = bytes.TrimLeft(body, " \t\r\n")
	if len(body) == 0 {
		return 0
	}
	return body[0]
}

// Text takes what one sender writes as a string and another as a number or a boolean:
// the literal as it stands, so that a long id loses no digit. Null, objects and arrays
// give "": a field of the wrong shape never costs the alert.
type Text string

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (t *Text) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*t = ""
	switch dec.PeekKind() {
	case '"', '0', 't', 'f':
		tok, err := dec.ReadToken()
		if err != nil {
			return err
		}
		*t = Text(tok.String())
		return nil
	}
	return dec.SkipValue()
}

// Int is the text as a number, or -1 when it is none.
func (t Text) Int() int {
	n, err := strconv.Atoi(string(t))
	if err != nil {
		return -1
	}
	return n
}

// Loose takes a value that a sender may also send in another shape; then V stays zero.
type Loose[T any] struct{ V T }

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (l *Loose[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	raw, err := dec.ReadValue()
	if err != nil {
		return err
	}
	var v T
	if unmarshal(raw, &v) == nil {
		l.V = v
	}
	return nil
}

// Time takes a time in RFC 3339, also without a zone (then UTC) or with a space for the T.
// Anything else, a number too, gives the zero time: a bad time never costs the alert.
type Time struct{ time.Time }

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (t *Time) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	var s Text
	if err := s.UnmarshalJSONFrom(dec); err != nil {
		return err
	}
	t.Time = ParseTime(string(s))
	return nil
}

// ParseTime reads what [Time] takes.
func ParseTime(s string) time.Time {
	s = strings.Replace(strings.TrimSpace(s), " ", "T", 1)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04:05.999999999Z0700"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at
		}
	}
	return time.Time{}
}
