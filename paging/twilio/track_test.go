package twilio_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/paging"
	"tocsin/paging/twilio/telephone"
)

// What became of a text that was taken can be asked by its SID, and is told when the text is
// found: delivered, still under way, or given up and why.
func TestTrack(t *testing.T) {
	d := twilioDescription(t, false)
	for _, v := range []struct {
		fault     telephone.Fault
		status    string
		delivered bool
		failure   string
	}{
		{telephone.Fault{}, "delivered", true, ""},
		{telephone.Fault{Lose: true}, "sent", false, ""},
		{telephone.Fault{Undelivered: 30003}, "undelivered", false, "undelivered: the phone is off or has no signal (temporary, Twilio's code 30003)"},
	} {
		r := newRig(t, "", d.wrap(t))
		r.tel.SetFault(phone, v.fault)
		m := paging.Message{To: phone, Body: "P1 Disk full. Reply 12 = ack"}
		sent, err := r.channel.Send(t.Context(), m)
		require.NoError(t, err)
		text, err := r.tel.Wait(t.Context(), func(x telephone.Text) bool { return x.Status == v.status })
		require.NoError(t, err)

		tracked, err := r.channel.Track(t.Context(), sent.ProviderID)
		require.NoError(t, err)
		found, ok, err := r.channel.Find(t.Context(), m, text.At)
		require.NoError(t, err)
		require.True(t, ok)
		for _, got := range []paging.Receipt{tracked, found} {
			assert.Equal(t, []any{sent.ProviderID, v.status, v.delivered, v.failure}, []any{got.ProviderID, got.Status, got.Delivered, got.Failure})
		}
		r.close()
	}
}

// A text that Twilio does not know, and a Twilio that does not answer, are errors like any other.
func TestTrackErrors(t *testing.T) {
	r := newRig(t, "", nil)
	_, err := r.channel.Track(t.Context(), "SM00000000000000000000000000000000")
	assert.Equal(t, http.StatusNotFound, paging.AsSendError(err).Status)
	r.server.Close()
	_, err = r.channel.Track(t.Context(), "SM00000000000000000000000000000000")
	var se *paging.SendError
	require.ErrorAs(t, err, &se)
}
