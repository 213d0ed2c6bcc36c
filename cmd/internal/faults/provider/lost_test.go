package provider_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/apptest"
	"tocsin/paging/twilio/telephone"
)

const (
	ana = apptest.AnaPhone
	ben = apptest.BenPhone
	// asked is when a text without a receipt is asked for, with room for a busy machine.
	asked = time.Minute
)

var patient = apptest.TwoTiers("30m", "30m")

// A text that was taken and never delivered, without a word, does not cost its tier half an hour:
// the provider is asked, the next tier starts, and the timeline says why.
func TestLostTextHandsOn(t *testing.T) {
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		w := apptest.New(t, kind, patient)
		g := w.Run()
		w.Phone.SetFault(ana, telephone.Fault{Undelivered: 30003, DropCallbacks: true})
		id := g.Opens(apptest.Event{Key: "a", Title: "Disk full", Severity: "critical"})
		w.Await(asked, "the page to the next tier", func(x telephone.Text) bool {
			return apptest.IsPage(x) && x.Reached == ben && strings.Contains(x.Body, "Disk full")
		})
		d := g.Becomes(id, "on its second tier", func(d api.IncidentDetail) bool { return d.Incident.Position.Name == "secondary" })
		var told []string
		for _, e := range d.Timeline {
			told = append(told, e.Text)
		}
		why := strings.Join(told, "\n")
		assert.Contains(t, why, "page to ana (mobile): failed: undelivered: the phone is off or has no signal (temporary, Twilio's code 30003) (its receipt never came)")
		assert.Contains(t, why, "primary: every attempt has failed")
		assert.Len(t, w.Phone.Texts(ana), 1)
	})
}
