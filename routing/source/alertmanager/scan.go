package alertmanager

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"tocsin/routing/source"
)

// alerts is decoded without reflection, since a group may hold thousands: the library
// checks the syntax of each alert, then a cursor walks over text that is known to be
// valid. The cursor knows only the usual shape. At anything else (a label that is a
// number, a time that is none) it gives up and the whole body is read tolerantly.
type alerts struct {
	list     []alert // nil: there was none
	from, to int64   // where it stands in the body, without its brackets
	size     int     // of the body
}

// roomMost bounds what room is made for at once.
const roomMost = 1000

var errUnusual = errors.New("not the usual shape")

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (as *alerts) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if dec.PeekKind() != '[' {
		return errUnusual
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	*as = alerts{list: []alert{}, from: dec.InputOffset(), size: as.size}
	for dec.PeekKind() != ']' {
		raw, err := dec.ReadValue()
		if err != nil {
			return err
		}
		c := newCursor(string(raw)) // one copy an alert; its texts are parts of it
		var a alert
		if c.alert(&a); c.unusual {
			return errUnusual
		}
		if len(as.list) == 0 { // a list that grows is copied again and again
			as.list = make([]alert, 0, min(1+as.size/len(raw), roomMost))
		}
		as.list = append(as.list, a)
	}
	as.to = dec.InputOffset()
	_, err := dec.ReadToken()
	return err
}

// tooDeep says whether the body nests too deep before or behind the list. In the list the cursor
// has looked.
func (as *alerts) tooDeep(body []byte) bool {
	const around = 2 // the body's object and the list
	return source.TooDeep(body[:as.from], source.MaxDepth) >= 0 || source.TooDeep(body[as.to:], source.MaxDepth-around) >= 0
}

// cursor walks over one valid JSON value.
type cursor struct {
	s       string
	i       int
	escapes bool // there is a backslash somewhere
	unusual bool
}

func newCursor(s string) cursor {
	return cursor{s: s, escapes: strings.IndexByte(s, '\\') >= 0, unusual: !utf8.ValidString(s)}
}

// next skips space and says which byte follows.
func (c *cursor) next() byte {
	for c.i < len(c.s) {
		switch b := c.s[c.i]; b {
		case ' ', '\t', '\r', '\n':
			c.i++
		default:
			return b
		}
	}
	return 0
}

func (c *cursor) alert(a *alert) {
	c.object(func(name string) {
		switch name {
		case "status":
			a.status = c.text()
		case "labels":
			a.labels = c.texts()
		case "annotations":
			a.notes = notes{} // of two only the last counts
			c.object(func(name string) { a.notes.set(name, c.text()) })
		case "startsAt":
			a.startsAt = c.time()
		case "endsAt":
			a.endsAt = c.time()
		case "generatorURL":
			a.generatorURL = c.text()
		case "fingerprint":
			a.fingerprint = c.text()
		default:
			c.skip()
		}
	})
}

// object calls member with the cursor at the value of each name.
func (c *cursor) object(member func(name string)) {
	if c.next() != '{' {
		c.unusual = true
		return
	}
	c.i++
	for !c.unusual && c.next() == '"' {
		name := c.text()
		c.next()
		c.i++ // the colon
		if member(name); c.next() == ',' {
			c.i++
		}
	}
	c.i++ // the closing brace
}

func (c *cursor) texts() map[string]string {
	var room [16][2]string // a map that grows costs more than one that is made as large as it gets
	pairs := room[:0]
	c.object(func(name string) { pairs = append(pairs, [2]string{name, c.text()}) })
	kv := make(map[string]string, len(pairs))
	for _, p := range pairs {
		kv[p[0]] = p[1]
	}
	return kv
}

// text reads a string. Escapes are rare, and are left to the library.
func (c *cursor) text() string {
	if c.next() != '"' {
		c.unusual = true
		return ""
	}
	start := c.i
	c.endString()
	inner := c.s[start+1 : c.i-1]
	if c.escapes && strings.IndexByte(inner, '\\') >= 0 {
		raw, err := jsontext.AppendUnquote(nil, c.s[start:c.i])
		c.unusual = c.unusual || err != nil
		return string(raw)
	}
	return inner
}

// endString moves from a string's first quote to behind its last.
func (c *cursor) endString() {
	c.i++
	for c.i < len(c.s) {
		n := strings.IndexByte(c.s[c.i:], '"')
		if n < 0 {
			break
		}
		part := c.s[c.i : c.i+n]
		c.i += n + 1
		if !c.escapes || (len(part)-len(strings.TrimRight(part, `\`)))%2 == 0 {
			return
		}
	}
	c.i, c.unusual = len(c.s), true
}

func (c *cursor) time() time.Time {
	s := c.text()
	if s == "0001-01-01T00:00:00Z" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	c.unusual = c.unusual || err != nil
	return t
}

// skip moves behind the value that follows. Whether one that is very deep is too deep is left to
// the tolerant reading.
func (c *cursor) skip() {
	const around = 3 // the body's object, the list and the alert
	c.next()
	for depth := 0; c.i < len(c.s); {
		switch c.s[c.i] {
		case '"':
			if c.endString(); depth == 0 {
				return
			}
			continue
		case '{', '[':
			if depth++; depth+around > source.MaxDepth {
				c.unusual = true
				return
			}
		case '}', ']':
			if depth--; depth < 0 {
				return // the end of what this value is in
			}
			if depth == 0 {
				c.i++
				return
			}
		case ',':
			if depth == 0 {
				return
			}
		}
		c.i++
	}
}
