package alertmanager

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// benchBody is a webhook body with n alerts of 8 labels and 3 annotations.
func benchBody(n int) []byte {
	alert := `{"status":"firing","labels":{"alertname":"HighErrorRate","cluster":"eu-1","environment":"production","instance":"api-%02d.example.org:8080","job":"api","namespace":"shop","severity":"critical","team":"payments"},"annotations":{"summary":"Checkout errors above 5%%","description":"The share of failed checkouts was above 5%% for 10 minutes.","runbook_url":"https://runbooks.example.org/checkout-errors"},"startsAt":"2026-03-02T09:14:33.201Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus.example.org:9090/graph?g0.expr=rate+%%3E+5&g0.tab=1","fingerprint":"%016x"}`
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(alert, i, i))
	}
	return []byte(`{"receiver":"tocsin","status":"firing","alerts":[` + strings.Join(list, ",") + `],"groupLabels":{"alertname":"HighErrorRate"},"commonLabels":{"alertname":"HighErrorRate","severity":"critical"},"commonAnnotations":{},"externalURL":"http://alertmanager.example.org:9093","version":"4","groupKey":"{}:{alertname=\"HighErrorRate\"}","truncatedAlerts":0}`)
}

// The goal is at most 3 µs of CPU for each alert.
func BenchmarkDecode(b *testing.B) {
	for _, n := range []int{1, 10, 64} {
		body := benchBody(n)
		b.Run(fmt.Sprintf("alerts=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				batch, err := decode(nil, body, time.Time{})
				if err != nil || len(batch.Alerts) != n {
					b.Fatal("alerts lost", err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/alert")
		})
	}
}
