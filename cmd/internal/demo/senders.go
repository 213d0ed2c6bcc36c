package demo

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"tocsin/cmd/internal/standin"
)

// Sender is a monitor that the demo plays.
type Sender string

// The senders. AllClear is Alertmanager's second message: the trouble is over.
const (
	Alertmanager Sender = "alertmanager"
	AllClear     Sender = "all-clear"
	Sentry       Sender = "sentry"
	Scanner      Sender = "scanner"
)

// Titles of what the senders tell.
const (
	CheckoutTitle = "Checkout errors 7%"
	SentryTitle   = "TypeError: cart is undefined"
	ScanTitle     = "SQL injection in search"
)

// Senders plays them against a gateway.
type Senders struct {
	World *standin.World
	URL   string
	Start time.Time // of the trouble that Alertmanager tells of
}

// Send posts one delivery as its sender would: with its headers, its signature, its body.
func (s Senders) Send(ctx context.Context, which Sender) error {
	switch which {
	case Alertmanager:
		return s.alertmanager(ctx, "firing", time.Time{})
	case AllClear:
		return s.alertmanager(ctx, "resolved", time.Now())
	case Sentry:
		return s.sentry(ctx)
	case Scanner:
		return s.scanner(ctx)
	default:
		return fmt.Errorf("there is no sender %q", which)
	}
}

type object = map[string]any

func (s Senders) alertmanager(ctx context.Context, status string, ends time.Time) error {
	labels := object{"alertname": "CheckoutErrors", "severity": "critical", "team": "payments", "cluster": "eu-1"}
	return s.post(ctx, "/webhooks/prometheus", map[string]string{
		"Authorization": "Bearer " + s.World.Env[standin.EnvPrometheus], "User-Agent": "Alertmanager/0.28",
	}, object{
		"version": "4", "groupKey": `{}:{alertname="CheckoutErrors", cluster="eu-1"}`, "truncatedAlerts": 0, "status": status,
		"receiver": "tocsin", "groupLabels": object{"alertname": "CheckoutErrors"}, "commonLabels": labels,
		"commonAnnotations": object{}, "externalURL": "http://alertmanager.example.org",
		"alerts": []object{{
			"status": status, "labels": labels, "annotations": object{"summary": CheckoutTitle},
			"startsAt": s.Start, "endsAt": ends, "fingerprint": "c0ffee0000000001",
			"generatorURL": "http://prometheus.example.org/graph",
		}},
	})
}

func (s Senders) sentry(ctx context.Context) error {
	body, err := json.Marshal(object{
		"action": "created", "installation": object{"uuid": "00000000-0000-4000-8000-000000000001"},
		"data": object{"issue": object{
			"id": "4711", "shortId": "SHOP-1", "title": SentryTitle, "culprit": "cart.js", "level": "error", "status": "unresolved",
			"web_url": "https://sentry.example.org/issues/4711/", "firstSeen": s.Start, "project": object{"slug": "shop"},
		}},
	})
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, []byte(s.World.Env[standin.EnvSentry]))
	mac.Write(body)
	return s.postBytes(ctx, "/webhooks/sentry", map[string]string{
		"Sentry-Hook-Resource": "issue", "Sentry-Hook-Signature": hex.EncodeToString(mac.Sum(nil)),
	}, body)
}

func (s Senders) scanner(ctx context.Context) error {
	return s.post(ctx, "/webhooks/scans/"+s.World.Env[standin.EnvScans], nil, object{
		"version": "2.1.0",
		"runs": []object{{
			"tool": object{"driver": object{"name": "ExampleScan", "rules": []object{{
				"id": "EX-1", "shortDescription": object{"text": ScanTitle}, "properties": object{"security-severity": "8.1"},
			}}}},
			"results": []object{{
				"ruleId": "EX-1", "level": "error", "message": object{"text": "User input reaches a query"},
				"partialFingerprints": object{"primaryLocationLineHash": "39fa2ee980eb94b0:1"},
				"locations":           []object{{"physicalLocation": object{"artifactLocation": object{"uri": "search.go"}}}},
			}},
		}},
	})
}

func (s Senders) post(ctx context.Context, path string, header map[string]string, body any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return s.postBytes(ctx, path, header, raw)
}

func (s Senders) postBytes(ctx context.Context, path string, header map[string]string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	for name, value := range header {
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
		return fmt.Errorf("the gateway answered %s: %s", answer.Status, text)
	}
	return nil
}
