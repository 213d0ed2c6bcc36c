package twilio_test

import (
	"encoding/xml"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/paging/twilio"
)

// FuzzForms ensures that no form of Twilio's panics, that what is taken of one is whole and
// bounded, and that the answer to it is XML with one message whatever the text.
func FuzzForms(f *testing.F) {
	f.Add("MessageSid=SM1&From=%2B12025550101&To=%2B12025550100&Body=12&NumMedia=-1")
	f.Add("MessageSid=SM1&MessageStatus=delivered&ErrorCode=30008&RawDlrDoneDate=9999999999")
	f.Add("Body=%00%1b%3C%2FMessage%3E&SmsSid=%ff")
	f.Fuzz(func(t *testing.T, body string) {
		form, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		if in, err := twilio.ParseInbound(form); err == nil {
			require.NotEmpty(t, in.From)
			require.True(t, in.MessageSID != "" && len(in.MessageSID) <= 64)
			require.GreaterOrEqual(t, in.NumMedia, 0)
		}
		_, _ = twilio.ParseStatus("id.a", form, time.Unix(1_800_000_000, 0)) // must not panic
		var answer struct {
			Message []string `xml:"Message"`
		}
		require.NoError(t, xml.Unmarshal(twilio.MessagingResponse(form.Get("Body")), &answer))
		require.LessOrEqual(t, len(answer.Message), 1)
	})
}
