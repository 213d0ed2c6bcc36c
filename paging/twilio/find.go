package twilio

import (
	"context"
	"strings"
	"time"
	"unicode"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"tocsin/paging"
)

// How many texts to one phone are looked at: of those since the send began all that Twilio
// lists at once, since a storm of the most urgent pages is never bundled and a text that is
// missed is sent again; of those without a date, the newest.
const (
	findDated   = 1000 // Twilio's own bound of a page
	findUndated = 50
)

// trialPrefix is what a trial account puts before every text.
const trialPrefix = "Sent from your Twilio trial account - "

// Find looks among the newest texts to m.To for one with m's body that was made at or after
// since (less a minute for clocks). It asks by sending date first. A text that still waits has
// none, so the second question has no date, and the date of making is compared here. Twilio
// may list a text late: a miss right after the attempt proves little, so ask again. A failed
// text counts as found; its receipt says so.
func (c *Channel) Find(ctx context.Context, m paging.Message, since time.Time) (paging.Receipt, bool, error) {
	from := since.Add(-time.Minute).UTC().Truncate(time.Second)
	for _, byDate := range []bool{true, false} {
		p := (&api.ListMessageParams{}).SetTo(m.To).SetPageSize(findUndated)
		if byDate {
			p.SetDateSentAfter(from).SetPageSize(findDated)
		}
		var page *api.ListMessageResponse
		err := c.call(ctx, func(s *api.ApiService) (err error) {
			page, err = s.PageMessage(p, "", "")
			return err
		})
		if err != nil {
			return paging.Receipt{}, false, c.sendError(err)
		}
		for i := range page.Messages {
			if isIt(&page.Messages[i], m, from, byDate) {
				return receipt(&page.Messages[i]), true, nil
			}
		}
	}
	return paging.Receipt{}, false, nil
}

// Track asks for one message by its SID
// (https://www.twilio.com/docs/messaging/api/message-resource#fetch-a-message-resource).
func (c *Channel) Track(ctx context.Context, providerID string) (paging.Receipt, error) {
	var msg *api.ApiV2010Message
	err := c.call(ctx, func(s *api.ApiService) (err error) {
		msg, err = s.FetchMessage(providerID, &api.FetchMessageParams{})
		return err
	})
	if err != nil {
		return paging.Receipt{}, c.sendError(err)
	}
	return receipt(msg), nil
}

// isIt says whether a listed message is ours. Without a readable date it counts only when
// Twilio's own filter vouches for it.
func isIt(msg *api.ApiV2010Message, m paging.Message, from time.Time, vouched bool) bool {
	if value(msg.Sid) == "" || value(msg.Direction) == "inbound" || value(msg.To) != m.To {
		return false
	}
	at, err := time.Parse(time.RFC1123Z, value(msg.DateCreated))
	if (err == nil && at.Before(from)) || (err != nil && !vouched) {
		return false
	}
	return sameBody(value(msg.Body), m.Body)
}

// sameBody compares a stored text with what we sent. Smart encoding may have replaced
// punctuation and spaces, and a trial account puts a sentence in front.
func sameBody(stored, sent string) bool {
	stored = strings.TrimPrefix(stored, trialPrefix)
	if stored == sent {
		return true
	}
	s := skeleton(sent)
	return s != "" && skeleton(stored) == s
}

func skeleton(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}
