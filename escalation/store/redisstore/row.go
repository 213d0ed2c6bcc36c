package redisstore

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// The header of an incident: "1" open or "0" resolved, format (3 digits), count (12), last
// seen (20), due (20), then the revision and a newline. The incident follows, see opening.go. The
// scripts know these places, too.
const (
	atCount = 4
	atSeen  = 16
	atDue   = 36
	atRev   = 56
)

// maxToken keeps the header within what commit.lua reads of a row.
const maxToken = 200

func formatRevision(r store.Revision) string {
	if r == (store.Revision{}) {
		return ""
	}
	return strconv.FormatUint(r.Counter, 10) + ":" + r.Token
}

func parseRevision(s string) (store.Revision, error) {
	counter, token, ok := strings.Cut(s, ":")
	n, err := strconv.ParseUint(counter, 10, 64)
	if !ok || err != nil {
		return store.Revision{}, fmt.Errorf("redisstore: %q is not a revision", s)
	}
	return store.Revision{Counter: n, Token: token}, nil
}

func checkToken(token string) error {
	if len(token) > maxToken || strings.ContainsRune(token, '\n') {
		return fmt.Errorf("redisstore: a token has at most %d bytes and no line break", maxToken)
	}
	return nil
}

// incidentRow is the value of i:<id> for an incident that is not there yet; for one that is,
// commit.lua adds to the counters.
func incidentRow(c *store.Change, open, rev string, body, opening []byte) []byte {
	row := make([]byte, 0, atRev+len(rev)+2+lengthDigits+len(body)+len(opening))
	row = append(append(row, open...), format(c.Incident.Format)...)
	row = fmt.Appendf(row, "%012d", max(c.Seen.N, 0))
	row = append(append(row, digits(c.Seen.At)...), digits(c.Due)...)
	row = fmt.Appendf(append(append(row, rev...), '\n', openingMark), "%0*d", lengthDigits, len(body))
	return append(append(row, body...), opening...)
}

// parseIncident reads the value of i:<id>.
func parseIncident(row string) (*escalation.Incident, store.Revision, error) {
	head, body, _, err := cutRow(row)
	if err != nil {
		return nil, store.Revision{}, err
	}
	rev, err := parseRevision(head[atRev:])
	if err != nil {
		return nil, rev, err
	}
	inc, err := store.DecodeIncident([]byte(body))
	if err != nil {
		return nil, rev, err
	}
	if inc.Count, err = strconv.Atoi(row[atCount:atSeen]); err != nil {
		return nil, rev, fmt.Errorf("redisstore: incident %s has no count: %w", inc.ID, err)
	}
	inc.LastSeen, err = undigits(row[atSeen:atDue])
	return inc, rev, err
}

// format is that of a value about to be written; 0 stands for the present one.
func format(n int) string {
	if n == 0 {
		n = escalation.Format
	}
	return fmt.Sprintf("%03d", n)
}

// The header of an attempt: a letter of the state, format (3 digits), rank (2), the token and
// a newline. The overlay follows, and a newline: JSON of what Begin or a cancel set since
// the row was written, or nothing. Then the JSON of the row.
const (
	letterPlanned  = "p"
	letterSending  = "s"
	letterCanceled = "c"
	letterSettled  = "x"
)

// overBegin is what Begin sets in an attempt.
type overBegin struct {
	StartedAt time.Time `json:"started_at"`
	Code      string    `json:"code"`
	Text      string    `json:"text"`
	Bundle    string    `json:"bundle"`
	Tries     int       `json:"tries"`
}

// overCancel is what a cancel sets in an attempt.
type overCancel struct {
	Reason string `json:"reason"`
}

func letter(s paging.State) string {
	switch s {
	case paging.Planned:
		return letterPlanned
	case paging.Sending:
		return letterSending
	case paging.Canceled:
		return letterCanceled
	default:
		return letterSettled
	}
}

// attemptMember is an attempt's name in the index: the rank goes first, so that claims can
// order without reading rows.
func attemptMember(a *paging.Attempt) string {
	return fmt.Sprintf("%02d%s", min(max(a.Rank, 0), 99), a.ID)
}

func attemptRow(a *paging.Attempt) (string, error) {
	if err := checkToken(a.Token); err != nil {
		return "", err
	}
	body, err := store.EncodeAttempt(*a)
	if err != nil {
		return "", err
	}
	return letter(a.State) + format(a.Format) + attemptMember(a)[:2] + a.Token + "\n\n" + string(body), nil
}

func parseAttempt(row string) (paging.Attempt, error) {
	head, rest, ok := strings.Cut(row, "\n")
	overlay, body, ok2 := strings.Cut(rest, "\n")
	if !ok || !ok2 || len(head) < 6 {
		return paging.Attempt{}, fmt.Errorf("redisstore: the row of an attempt has no header")
	}
	a, err := store.DecodeAttempt([]byte(body))
	if err != nil {
		return a, err
	}
	if overlay != "" {
		if err := store.Decode([]byte(overlay), &a); err != nil {
			return a, fmt.Errorf("attempt %s: %w", a.ID, err)
		}
	}
	switch head[:1] {
	case letterPlanned:
		a.State = paging.Planned
	case letterSending:
		a.State = paging.Sending
	case letterCanceled:
		a.State = paging.Canceled
	}
	a.Token = head[6:]
	return a, nil
}
