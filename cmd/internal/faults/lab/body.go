package lab

import (
	"encoding/json"
	"fmt"
	"time"
)

// body is a delivery in its source's format.
func (d delivery) body() []byte {
	var list []map[string]any
	for _, a := range d.alerts {
		labels := map[string]string{"alertname": "Disk", "case": a.name, "lane": fmt.Sprint(int(a.name[len(a.name)-1]) % policies), "severity": "critical"}
		if a.source == "events" {
			list = append(list, map[string]any{"action": pickWord(d.end, "resolve", "trigger"), "key": a.name, "title": "Disk of " + a.name + " is full",
				"severity": "critical", "labels": labels})
			continue
		}
		m := map[string]any{"status": pickWord(d.end, "resolved", "firing"), "fingerprint": a.name, "labels": labels, "startsAt": a.starts,
			"annotations": map[string]string{"summary": "Disk of " + a.name + " is full"}}
		if d.end {
			m["endsAt"] = time.Now()
		}
		list = append(list, m)
	}
	var v any = list
	if d.alerts[0].source == "prometheus" {
		v = map[string]any{"version": "4", "status": pickWord(d.end, "resolved", "firing"), "groupKey": "{}:{case=" + d.alerts[0].name + "}", "alerts": list}
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // a bug of this test
	}
	return b
}

func pickWord(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}
