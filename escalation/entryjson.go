package escalation

import (
	"encoding/json"
	"strconv"
	"time"
)

// plain says whether appendPlain can write the entry: JSON has no other years and zones, and
// entries of other incidents are rare.
func (e *Entry) plain() bool {
	year := e.At.Year()
	return e.Foreign == nil && e.At.Location() == time.UTC && year >= 0 && year <= 9999
}

// appendPlain appends an entry as encoding/json writes it: were a byte another one, no timeline
// that is stored would verify.
func (e *Entry) appendPlain(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"seq":`...), int64(e.Seq), 10)
	b = e.At.AppendFormat(append(b, `,"at":"`...), time.RFC3339Nano)
	b = appendText(append(b, `","kind":`...), string(e.Kind))
	b = appendText(append(b, `,"text":`...), e.Text)
	b = appendField(b, `,"by":`, e.By)
	b = appendField(b, `,"tier":`, e.Tier)
	if e.Run != 0 {
		b = strconv.AppendInt(append(b, `,"run":`...), int64(e.Run), 10)
	}
	if e.Round != 0 {
		b = strconv.AppendInt(append(b, `,"round":`...), int64(e.Round), 10)
	}
	b = appendField(b, `,"attempt":`, string(e.Attempt))
	if m := e.Member; m != nil {
		b = appendText(append(b, `,"member":{"integration":`...), m.Integration)
		b = append(appendText(append(b, `,"identity":`...), m.Identity), '}')
	}
	return append(appendText(append(b, `,"hash":`...), e.Hash), '}')
}

func appendField(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendText(append(b, name...), value)
}

// appendText quotes a text of printable ASCII; what encoding/json writes in ways of its own is
// left to it.
func appendText(b []byte, s string) []byte {
	start := len(b)
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c > '~' || c == '<' || c == '>' || c == '&':
			quoted, err := json.Marshal(s)
			if err != nil { // a string can always be marshalled
				quoted = strconv.AppendQuote(nil, err.Error())
			}
			return append(b[:start], quoted...)
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
