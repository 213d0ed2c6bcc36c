package alertmanager

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tocsin/routing"
	"tocsin/routing/source"
)

// decodeArray reads the body of POST /api/v2/alerts. There is no status in it: an alert
// has ended when its end is not in the future. Prometheus sets the end of a firing alert
// some minutes ahead and sends it again before that; that end is a promise to speak
// again, not an end, so it is not kept.
func decodeArray(body []byte, now time.Time) (routing.Batch, error) {
	list := alerts{size: len(body)}
	var b routing.Batch
	if source.UnmarshalAnyDepth(body, &list) == nil {
		b.Alerts = make([]routing.Alert, 0, len(list.list))
		for i := range list.list {
			addPosted(&b, i, &list.list[i], now)
		}
	} else {
		var raw []jsontext.Value
		if err := source.Unmarshal(body, &raw); err != nil {
			return routing.Batch{}, err
		}
		for i, r := range raw {
			if a, ok := readTolerantly(&b, i, r); ok {
				addPosted(&b, i, &a, now)
			}
		}
	}
	if len(b.Alerts) == 0 && len(b.Rejected) == 0 {
		b.Note = "no alerts in the body"
	}
	return source.Finish(name, b)
}

func addPosted(b *routing.Batch, index int, in *alert, now time.Time) {
	if len(in.labels) == 0 {
		source.Reject(b, index, "an alert without labels has no identity")
		return
	}
	a := convert(in, "")
	a.Status = routing.Firing
	if !a.EndsAt.IsZero() && !a.EndsAt.After(now) {
		a.Status = routing.Resolved
	} else {
		a.EndsAt = time.Time{}
	}
	b.Alerts = append(b.Alerts, a)
}
