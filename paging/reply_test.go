package paging

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// TestParseReply ensures that the whole grammar is understood, and nothing beside it.
func TestParseReply(t *testing.T) {
	const minute = time.Minute
	codes := func(a ReplyAction, c ...string) Reply { return Reply{Action: a, Codes: c} }
	snooze := func(c string, d time.Duration) Reply { return Reply{Action: ReplySnooze, Codes: []string{c}, For: d} }
	good := map[flatReply][]string{
		key(codes(ReplyAck, "12")): {"12", " 12 ", "#12", "ack 12", "ACK 12", "a12", "12a", "12 ack", "ok 12", "Ack #12.", "12.", "12!",
			"“12”", "'12'", "‘12’.", "１２", "\u200b12\u200b", "\ufeff12", "\n\n12\n--\nSent from my phone", "12\r\n", "acknowledge 12", "12 12", "1️⃣2️⃣", "12\u00a0"},
		key(codes(ReplyAck, "12", "14")):      {"ack 12 14", "ack 12, 14", "ack 12,14", "12 14", "ack #12 #14", "a 12;14"},
		key(codes(ReplyAck, "123456")):        {"123456", "ack 123456"},
		key(codes(ReplyResolve, "12")):        {"12r", "12 r", "r12", "r 12", "resolve 12", "12 resolve", "Resolved 12", "12R.", "#12r", "ｒ１２"},
		key(codes(ReplyResolve, "12", "14")):  {"r 12 14", "resolve 12, 14"},
		key(codes(ReplyEscalate, "12")):       {"12e", "12 E", "e12", "e 12", "escalate 12"},
		key(codes(ReplyUndo, "12")):           {"12u", "12 u", "u12", "undo 12"},
		key(snooze("12", 30*minute)):          {"12s", "12 s", "s12", "snooze 12", "12s 30", "12s30", "12 s 30 min", "snooze 12 30", "12S 30m"},
		key(snooze("12", 120*minute)):         {"12s 2h", "12s 120", "s 12 2 h", "12s 2 hours"},
		key(snooze("12", 7*24*time.Hour)):     {"12s 7d"},
		key(Reply{Action: ReplyAckAll}):       {"all", "ack all", "ALL", "a all."},
		key(Reply{Action: ReplyBareAck}):      {"ack", "a", "ok", "OK", "Ok!", "Ack."},
		key(Reply{Action: ReplyWho}):          {"who", "Who?", "who ?"},
		key(codes(ReplyWho, "12")):            {"who 12", "who #12?", "12 who"},
		key(Reply{Action: ReplyList}):         {"list", "List."},
		key(carrier("STOP")):                  {"stop", "STOP", " Stop. "},
		key(carrier("HELP")):                  {"help"},
		key(carrier("START")):                 {"start"},
		key(carrier("YES")):                   {"Yes!"},
		key(codes(ReplyAck, "4711", "12345")): {"4711 12345"},
	}
	for want, bodies := range good {
		for _, body := range bodies {
			r, ok := ParseReply(body)
			assert.True(t, ok, "%q is not understood", body)
			assert.Equal(t, want, key(r), "%q", body)
		}
	}
}

// TestParseReplyRefuses ensures that quotes of our own texts, auto-replies, chat and numbers
// that are no codes never act.
func TestParseReplyRefuses(t *testing.T) {
	for _, body := range []string{
		"", " ", "\n", "...", "#", "'", "1", "7", "1234567", "ack 1", "ack 12 1", "12 1234567",
		"Liked “P0 Checkout errors 7% (payments, eu-1). Reply 12 = ack, 12e = pass on. Else ben 03:09”",
		"Liked “12”", "Loved 12", "👍", "👍 to “12”", "Emphasized \"12\"", "> 12", "Re: 12",
		"I’m driving with Focus turned on. I’ll see your message when I get where I’m going.",
		"P0 Checkout errors 7%. Reply 12 = ack", "Reply 12", "12 = ack", "12e = pass on",
		"on it", "12 on it", "ack 12 please", "I got 12", "no", "thanks", "12?12", "12-14", "12.5", "12:30", "12/14", "+12025550101",
		"(202) 555-0101", "12r 14", "12r14", "12rr", "12 r e", "rr 12", "e", "r", "12s 0", "12s -5", "12s 8d", "12s 99999999", "12s 30x", "12s 2h 3",
		"s", "snooze", "12s 1 2 3", "all 12", "ack all 12", "list 12", "stop 12", "12 stop", "who who", "٤٢", "12\u0000",
		"Thanks!\n12", "12" + strings.Repeat(" ", 300) + "no", strings.Repeat("12 ", 40), strings.Repeat("9", 9000),
	} {
		r, ok := ParseReply(body)
		assert.False(t, ok, "%q became %+v", body, r)
		assert.Equal(t, Reply{}, r, "%q", body)
	}
}

// TestParseReplyNeverActsOnSentences ensures, for any text, that what acts has codes of two to
// six digits that stand in the text, and a bounded snooze.
func TestParseReplyNeverActsOnSentences(t *testing.T) {
	words := []string{"12", "r", "e", "s", "all", "ack", "1", "1234567", "14", "s 30", "2h", "\u200b", "“", ".", "\n", " ", "#", "stop", "P0", "=", "é"}
	rapid.Check(t, func(t *rapid.T) {
		body := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 8).Draw(t, "words"), rapid.SampledFrom([]string{"", " "}).Draw(t, "sep")) +
			rapid.StringN(0, 5, -1).Draw(t, "tail")
		r, ok := ParseReply(body)
		if !ok {
			assert.Equal(t, Reply{}, r)
			return
		}
		for _, c := range r.Codes {
			assert.Regexp(t, `^[0-9]{2,6}$`, c)
		}
		coded := r.Action == ReplyAck || r.Action == ReplyResolve || r.Action == ReplyEscalate || r.Action == ReplyUndo || r.Action == ReplySnooze
		assert.Equal(t, coded, coded && len(r.Codes) > 0, "%q acts without a code", body)
		if r.Action == ReplySnooze {
			assert.True(t, r.For > 0 && r.For <= MaxSnooze)
		}
	})
}

// flatReply is a reply that can be compared.
type flatReply struct {
	action ReplyAction
	codes  string
	d      time.Duration
	word   string
}

func key(r Reply) flatReply { return flatReply{r.Action, strings.Join(r.Codes, " "), r.For, r.Word} }

func carrier(word string) Reply { return Reply{Action: ReplyCarrier, Word: word} }
