package ical

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// Bounds on what is read. Real calendars of busy teams stay far below them.
const (
	maxBytes      = 8 << 20
	maxDepth      = 8
	maxParams     = 64
	maxComponents = 20_000
	maxProps      = 1_000_000
)

// component is a BEGIN … END block with the properties that matter here.
type component struct {
	name     string
	line     int
	props    []property
	children []*component
}

// property is one content line: NAME;PARAM=value:value.
type property struct {
	name   string
	params map[string]string // names in upper case; of several values the first
	value  string            // raw
	line   int               // counted from 1, where it begins
}

// wanted are the properties that are kept; the others may be as odd as they like.
var wanted = map[string]bool{
	"BEGIN": true, "END": true, "METHOD": true, "X-WR-TIMEZONE": true,
	"UID": true, "SEQUENCE": true, "DTSTAMP": true, "STATUS": true, "RECURRENCE-ID": true,
	"DTSTART": true, "DTEND": true, "DURATION": true, "RRULE": true, "RDATE": true, "EXDATE": true, "EXRULE": true,
	"SUMMARY": true, "ATTENDEE": true,
	"TZID": true, "TZOFFSETFROM": true, "TZOFFSETTO": true, "X-LIC-LOCATION": true,
}

// get is the first property of that name.
func (c *component) get(name string) (property, bool) {
	for _, p := range c.props {
		if p.name == name {
			return p, true
		}
	}
	return property{}, false
}

// text is the text of the first property of that name, unescaped (RFC 5545 §3.3.11).
func (c *component) text(name string) string {
	p, _ := c.get(name)
	return strings.TrimSpace(unescape.Replace(p.value))
}

var unescape = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\N`, "\n", `\;`, ";", `\,`, ",")

// parse reads the calendars of a file; there may be several after one another.
func parse(ics []byte) ([]*component, error) {
	if len(ics) > maxBytes {
		return nil, fmt.Errorf("the calendar has %d bytes, more than %d: export fewer events", len(ics), maxBytes)
	}
	p := parser{rest: bytes.TrimPrefix(ics, []byte("\ufeff"))}
	for {
		line, ok := p.next()
		if !ok {
			break
		}
		if err := p.take(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", p.begun, err)
		}
	}
	switch {
	case len(p.open) > 0:
		last := p.open[len(p.open)-1]
		return nil, fmt.Errorf("line %d: %s has no END: the calendar is cut off; fetch it again", last.line, last.name)
	case len(p.done) == 0:
		return nil, errors.New("this is no calendar: it has no BEGIN:VCALENDAR")
	}
	return p.done, nil
}

type parser struct {
	rest  []byte
	line  int // physical lines so far
	begun int // physical line on which the current content line began

	open  []*component // from VCALENDAR inwards
	done  []*component
	count int // components so far
	props int
}

// next is the next content line, unfolded (RFC 5545 §3.1).
func (p *parser) next() (string, bool) {
	if len(p.rest) == 0 {
		return "", false
	}
	line := p.physical()
	p.begun = p.line
	if len(p.rest) == 0 || p.rest[0] != ' ' && p.rest[0] != '\t' {
		return string(line), true
	}
	unfolded := bytes.Clone(line)
	for len(p.rest) > 0 && (p.rest[0] == ' ' || p.rest[0] == '\t') {
		unfolded = append(unfolded, p.physical()[1:]...)
	}
	return string(unfolded), true
}

func (p *parser) physical() []byte {
	line, rest, _ := bytes.Cut(p.rest, []byte("\n"))
	p.rest, p.line = rest, p.line+1
	return bytes.TrimSuffix(line, []byte("\r"))
}

func (p *parser) take(line string) error {
	end := strings.IndexAny(line, ":;")
	if end < 0 {
		end = len(line)
	}
	name := strings.ToUpper(strings.TrimSpace(line[:end]))
	if len(p.open) == 0 && name != "BEGIN" && name != "" {
		return errors.New("this is no calendar: text outside of BEGIN:VCALENDAR and END:VCALENDAR; is the address a web page or a login?")
	}
	if !wanted[name] {
		return nil
	}
	prop := property{name: name, line: p.begun}
	if err := prop.read(line[end:]); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	switch name {
	case "BEGIN":
		return p.begin(strings.ToUpper(strings.TrimSpace(prop.value)))
	case "END":
		return p.end(strings.ToUpper(strings.TrimSpace(prop.value)))
	}
	if p.props++; p.props > maxProps {
		return fmt.Errorf("the calendar has more than %d properties: export fewer events", maxProps)
	}
	inner := p.open[len(p.open)-1]
	inner.props = append(inner.props, prop)
	return nil
}

func (p *parser) begin(name string) error {
	p.count++
	switch {
	case (len(p.open) == 0) != (name == "VCALENDAR"):
		return fmt.Errorf("BEGIN:%.40s is out of place: events stand in BEGIN:VCALENDAR … END:VCALENDAR", name)
	case len(p.open) == maxDepth:
		return fmt.Errorf("BEGIN:%.40s: more than %d blocks inside one another", name, maxDepth)
	case p.count > maxComponents:
		return fmt.Errorf("the calendar has more than %d events: export fewer", maxComponents)
	}
	p.open = append(p.open, &component{name: name, line: p.begun})
	return nil
}

func (p *parser) end(name string) error {
	if len(p.open) == 0 {
		return fmt.Errorf("END:%.40s without BEGIN", name)
	}
	last := p.open[len(p.open)-1]
	if last.name != name {
		return fmt.Errorf("END:%.40s, but line %d began %s", name, last.line, last.name)
	}
	p.open = p.open[:len(p.open)-1]
	if len(p.open) == 0 {
		p.done = append(p.done, last)
		return nil
	}
	outer := p.open[len(p.open)-1]
	outer.children = append(outer.children, last)
	return nil
}

// read takes ";PARAM=value;…:value".
func (p *property) read(s string) error {
	for range maxParams {
		if value, ok := strings.CutPrefix(s, ":"); ok {
			p.value = value
			return nil
		}
		name, rest, ok := strings.Cut(strings.TrimPrefix(s, ";"), "=")
		if !ok || !strings.HasPrefix(s, ";") {
			return errors.New("no value after a colon")
		}
		value, rest, ok := paramValue(rest)
		if !ok {
			return fmt.Errorf("the value of the parameter %.40q does not end", name)
		}
		if p.params == nil {
			p.params = map[string]string{}
		}
		p.params[strings.ToUpper(strings.TrimSpace(name))] = value
		s = rest
	}
	return fmt.Errorf("more than %d parameters", maxParams)
}

// paramValue takes the first value of a parameter and skips its others. Quotes guard the
// characters that separate (RFC 5545 §3.2).
func paramValue(s string) (value, rest string, ok bool) {
	for first := true; ; first = false {
		var v string
		if strings.HasPrefix(s, `"`) {
			v, s, ok = strings.Cut(s[1:], `"`)
			if !ok {
				return "", "", false
			}
		} else {
			end := strings.IndexAny(s, ",;:")
			if end < 0 {
				return "", "", false
			}
			v, s = s[:end], s[end:]
		}
		if first {
			value = v
		}
		if !strings.HasPrefix(s, ",") {
			return value, s, true
		}
		s = s[1:]
	}
}
