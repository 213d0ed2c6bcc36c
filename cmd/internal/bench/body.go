package main

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// digits is how long the number of an alert is in a body.
const digits = 9

// stamp stands where an alert's number goes.
const stamp = "#########"

// shot is one request, ready to be written. Its alerts get other numbers in place.
type shot struct {
	raw    []byte
	alerts int
	at     []mark
}

type mark struct{ offset, alert int }

// newShot makes a request that carries so many alerts of about 700 bytes, as Alertmanager
// 0.34 writes them. They belong to one complete group, as they do there. user, when not
// empty, is who is paged for them.
func newShot(g *gateway, alerts int, user string) *shot {
	body := newBody(alerts, user, g.since)
	raw := fmt.Appendf(nil, "POST /webhooks/prometheus HTTP/1.1\r\nHost: %s\r\nUser-Agent: Alertmanager/0.34\r\n"+
		"Authorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", g.addr, g.secrets[envSender], len(body))
	return mark1(append(raw, body...), alerts)
}

// mark1 finds the stamps: the first is the group's, then three for each alert.
func mark1(raw []byte, alerts int) *shot {
	s := &shot{raw: raw, alerts: alerts}
	const perAlert = 3
	for from := 0; ; {
		i := bytes.Index(raw[from:], []byte(stamp))
		if i < 0 {
			return s
		}
		s.at = append(s.at, mark{from + i, max(len(s.at)-1, 0) / perAlert})
		from += i + digits
	}
}

// number gives the alerts the numbers from first on.
func (s *shot) number(first int) {
	for _, m := range s.at {
		n := first + m.alert
		for i := digits - 1; i >= 0; i-- {
			s.raw[m.offset+i] = byte('0' + n%10)
			n /= 10
		}
	}
}

// body is the request's body.
func (s *shot) body() []byte {
	_, body, _ := bytes.Cut(s.raw, []byte("\r\n\r\n"))
	return body
}

func newBody(alerts int, user string, since time.Time) string {
	var s strings.Builder
	began := since.UTC().Format(time.RFC3339Nano)
	fmt.Fprintf(&s, `{"receiver":"tocsin","status":"firing","groupKey":"{}:{cluster=\"eu-1\", shard=\"%s\"}","truncatedAlerts":0,`+
		`"groupLabels":{"cluster":"eu-1"},"commonLabels":{"cluster":"eu-1"},"commonAnnotations":{},"externalURL":"https://alertmanager.example.org",`+
		`"version":"4","alerts":[`, stamp)
	if user == "" {
		user = "0"
	}
	for i := range alerts {
		if i > 0 {
			s.WriteByte(',')
		}
		fmt.Fprintf(&s, `{"status":"firing","labels":{"alertname":"CheckoutErrors","cluster":"eu-1","namespace":"shop","service":"checkout",`+
			`"team":"payments","job":"checkout","instance":"10.0.0.7:9090","pod":"checkout-%[1]s","severity":"critical","user":"%[2]s"},`+
			`"annotations":{"summary":"Checkout errors 7%% on checkout-%[1]s","description":"More than 5%% of requests to checkout fail since five minutes.",`+
			`"runbook_url":"https://example.org/runbooks/checkout"},"startsAt":"%[3]s","endsAt":"0001-01-01T00:00:00Z",`+
			`"generatorURL":"https://prometheus.example.org/graph?g0.expr=rate%%28errors%%5B5m%%5D%%29+%%3E+0.05&g0.tab=1","fingerprint":"%[1]sabcdef0"}`,
			stamp, user, began)
	}
	s.WriteString("]}")
	return s.String()
}
