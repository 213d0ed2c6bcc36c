package paging

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// ReplyAction is what a person asks for by text.
type ReplyAction string

// The actions of replies. ReplyCarrier is a word that carriers and Twilio keep for themselves
// (STOP, HELP, START, …): they answer it, we stay silent.
const (
	ReplyAck      ReplyAction = "ack"
	ReplyResolve  ReplyAction = "resolve"
	ReplyEscalate ReplyAction = "escalate"
	ReplySnooze   ReplyAction = "snooze"
	ReplyUndo     ReplyAction = "undo"
	ReplyAckAll   ReplyAction = "ack all"  // every code already texted to this number
	ReplyBareAck  ReplyAction = "bare ack" // good only when exactly one page is open on that number
	ReplyWho      ReplyAction = "who"
	ReplyList     ReplyAction = "list"
	ReplyCarrier  ReplyAction = "carrier"
)

// Bounds of a snooze by text. Without a duration it is DefaultSnooze.
const (
	DefaultSnooze = 30 * time.Minute
	MaxSnooze     = 7 * 24 * time.Hour
)

// Reply is what a text from a person says.
type Reply struct {
	Action ReplyAction
	Codes  []string      // as written, each once; empty for the actions without codes and for "who" alone
	For    time.Duration // of a snooze
	Word   string        // of ReplyCarrier, upper case
}

// Bounds of what is read at all: more than anybody types at night.
const (
	maxReplyBody  = 8 << 10 // bytes; Twilio delivers 1600 characters at most
	maxReplyLine  = 200     // bytes of the line after normalisation
	maxReplyCodes = 20
)

// ParseReply understands a reply, or says false. Only the first line that is not empty is
// read, and it must be a reply as a whole: a phone that quotes our own text ('Liked “P0 …”'),
// an auto-reply or a signature must never acknowledge.
func ParseReply(body string) (Reply, bool) {
	line := firstLine(body)
	if word, ok := carrierWord(line); ok {
		return Reply{Action: ReplyCarrier, Word: word}, true
	}
	tokens, ok := tokenize(line)
	if !ok || len(tokens) == 0 {
		return Reply{}, false
	}
	if r, ok := bareReply(strings.Join(tokens, " ")); ok {
		return r, true
	}
	return codedReply(tokens)
}

// firstLine returns the first line with something visible, normalised: NFKC (full-width
// digits), without invisible characters, trimmed of quotes and closing punctuation, lower case.
func firstLine(body string) string {
	if len(body) > maxReplyBody {
		return ""
	}
	for line := range strings.FieldsFuncSeq(body, isLineBreak) {
		line = strings.Map(visible, norm.NFKC.String(line))
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		const quotes = " \t'\"`´‘’‚“”„«»‹›"
		line = strings.TrimLeft(line, quotes)
		return strings.ToLower(strings.TrimRight(line, quotes+".!?,;:"))
	}
	return ""
}

func isLineBreak(r rune) bool {
	return r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

// visible drops zero-width and direction marks, variation selectors and key-cap frames, and
// makes every space a plain one.
func visible(r rune) rune {
	switch {
	case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r), r == '\u20e3':
		return -1
	case unicode.IsSpace(r):
		return ' '
	default:
		return r
	}
}

func carrierWord(line string) (string, bool) {
	switch line {
	case "stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out",
		"start", "yes", "unstop", "help", "info":
		return strings.ToUpper(line), true
	default:
		return "", false
	}
}

// tokenize splits a line into words and numbers: "12r" is 12 and r. A "#" may stand before a
// number; commas and semicolons count as spaces. Any other character is no part of a reply.
func tokenize(line string) ([]string, bool) {
	if len(line) > maxReplyLine {
		return nil, false
	}
	var tokens []string
	start, kind := 0, byte(0)
	for i := 0; i <= len(line); i++ {
		k := byte(' ')
		if i < len(line) {
			if k = tokenKind(line, i); k == '!' {
				return nil, false
			}
		}
		if k == kind {
			continue
		}
		if kind == 'a' || kind == '0' {
			tokens = append(tokens, line[start:i])
		}
		start, kind = i, k
	}
	return tokens, true
}

func tokenKind(line string, i int) byte {
	switch c := line[i]; {
	case 'a' <= c && c <= 'z':
		return 'a'
	case '0' <= c && c <= '9':
		return '0'
	case c == ' ', c == ',', c == ';':
		return ' '
	case c == '#' && i+1 < len(line) && '0' <= line[i+1] && line[i+1] <= '9':
		return ' '
	default:
		return '!'
	}
}

func bareReply(line string) (Reply, bool) {
	switch line {
	case "all", "ack all", "a all", "acknowledge all":
		return Reply{Action: ReplyAckAll}, true
	case "ack", "a", "ok", "acknowledge":
		return Reply{Action: ReplyBareAck}, true
	case "who":
		return Reply{Action: ReplyWho}, true
	case "list":
		return Reply{Action: ReplyList}, true
	default:
		return Reply{}, false
	}
}

// verb returns the action that a word before or after codes stands for.
func verb(word string) (ReplyAction, bool) {
	switch word {
	case "a", "ack", "acknowledge", "ok":
		return ReplyAck, true
	case "r", "resolve", "resolved":
		return ReplyResolve, true
	case "e", "escalate":
		return ReplyEscalate, true
	case "s", "snooze":
		return ReplySnooze, true
	case "u", "undo":
		return ReplyUndo, true
	case "who":
		return ReplyWho, true
	default:
		return "", false
	}
}

// codedReply understands "CODE…", "VERB CODE…", "CODE VERB", and a snooze with its duration.
func codedReply(tokens []string) (Reply, bool) {
	action := ReplyAck
	first, verbFirst := verb(tokens[0])
	if verbFirst {
		action, tokens = first, tokens[1:]
	}
	if action == ReplySnooze {
		return snooze(tokens)
	}
	if !verbFirst && len(tokens) > 1 {
		if after, ok := verb(tokens[1]); ok {
			rest := append([]string{tokens[0]}, tokens[2:]...)
			if after == ReplySnooze {
				return snooze(rest)
			}
			action = after
			if len(rest) > 1 { // "12r 14" could mean either
				return Reply{}, false
			}
			tokens = rest
		}
	}
	codes, ok := readCodes(tokens)
	if !ok {
		return Reply{}, false
	}
	return Reply{Action: action, Codes: codes}, true
}

// snooze reads "CODE" or "CODE DURATION".
func snooze(tokens []string) (Reply, bool) {
	if len(tokens) == 0 {
		return Reply{}, false
	}
	codes, ok := readCodes(tokens[:1])
	d := DefaultSnooze
	if len(tokens) > 1 {
		var good bool
		d, good = readDuration(tokens[1:])
		ok = ok && good
	}
	if !ok {
		return Reply{}, false
	}
	return Reply{Action: ReplySnooze, Codes: codes, For: d}, true
}

// readDuration reads "30" (minutes), "30 m" or "2 h", up to MaxSnooze.
func readDuration(tokens []string) (time.Duration, bool) {
	if len(tokens) > 2 || len(tokens[0]) > 5 {
		return 0, false
	}
	n, err := strconv.Atoi(tokens[0])
	if err != nil || n < 1 {
		return 0, false
	}
	unit := time.Minute
	if len(tokens) == 2 {
		switch tokens[1] {
		case "m", "min", "mins", "minutes":
		case "h", "hr", "hour", "hours":
			unit = time.Hour
		case "d", "day", "days":
			unit = 24 * time.Hour
		default:
			return 0, false
		}
	}
	d := time.Duration(n) * unit
	return d, d <= MaxSnooze
}

// readCodes takes numbers of two to six digits, each once.
func readCodes(tokens []string) ([]string, bool) {
	if len(tokens) == 0 || len(tokens) > maxReplyCodes {
		return nil, false
	}
	codes := make([]string, 0, len(tokens))
	seen := make(map[string]bool, len(tokens))
	for _, t := range tokens {
		if len(t) < 2 || len(t) > 6 || t[0] < '0' || t[0] > '9' {
			return nil, false
		}
		if !seen[t] {
			seen[t] = true
			codes = append(codes, t)
		}
	}
	return codes, true
}
