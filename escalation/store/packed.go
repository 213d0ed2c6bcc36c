package store

import (
	"bytes"
	"encoding/hex"
	"errors"
)

// Digests are the larger part of a short value, for nothing is repeated in them. So 32 hex digits
// are stored as 16 bytes behind packMark, which never stands in JSON.
const (
	packMark   = 0x01
	hexDigits  = 32
	packDigits = hexDigits / 2
)

// pack returns b with its hex digits packed.
func pack(b []byte) []byte {
	at := hexIn(b)
	if at < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for ; at >= 0; at = hexIn(b) {
		out = append(append(out, b[:at]...), packMark)
		out, _ = hex.AppendDecode(out, b[at:at+hexDigits]) // hexIn has looked
		b = b[at+hexDigits:]
	}
	return append(out, b...)
}

// hexIn returns where the first 32 hex digits begin, or -1. It looks at each 32nd byte, and at
// those before it only as long as they are hex digits.
func hexIn(b []byte) int {
	for last := hexDigits - 1; last < len(b); {
		at := last
		for at > last-hexDigits && (b[at] >= '0' && b[at] <= '9' || b[at] >= 'a' && b[at] <= 'f') {
			at--
		}
		if at == last-hexDigits {
			return at + 1
		}
		last = at + hexDigits
	}
	return -1
}

// unpack returns what was packed.
func unpack(b []byte) ([]byte, error) {
	n := bytes.Count(b, []byte{packMark}) // no less: digests may have that byte, too
	if n == 0 {
		return b, nil
	}
	out := make([]byte, 0, len(b)+n*packDigits)
	for {
		at := bytes.IndexByte(b, packMark)
		if at < 0 {
			return append(out, b...), nil
		}
		if len(b) < at+1+packDigits {
			return nil, errors.New("it ends within a digest")
		}
		out = hex.AppendEncode(append(out, b[:at]...), b[at+1:at+1+packDigits])
		b = b[at+1+packDigits:]
	}
}
