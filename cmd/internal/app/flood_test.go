package app_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/cmd/internal/apptest"
	"tocsin/escalation"
	"tocsin/paging"
	"tocsin/paging/twilio/telephone"
)

// scan is a SARIF log with n findings of severity "high".
func scan(n int, title string) []byte {
	var results []object
	for i := range n {
		results = append(results, object{
			"ruleId": "EX-1", "level": "error", "message": object{"text": "User input reaches a query"},
			"partialFingerprints": object{"primaryLocationLineHash": fmt.Sprintf("39fa2ee980eb94b0:%d", i)},
			"locations": []object{{"physicalLocation": object{
				"artifactLocation": object{"uri": fmt.Sprintf("src/query%03d.go", i)}, "region": object{"startLine": i + 1},
			}}},
		})
	}
	raw, err := json.Marshal(object{"version": "2.1.0", "runs": []object{{
		"tool": object{"driver": object{"name": "ExampleScan", "rules": []object{{
			"id": "EX-1", "shortDescription": object{"text": title}, "properties": object{"security-severity": "8.1"},
		}}}},
		"results": results,
	}}})
	if err != nil {
		panic(err) // made of strings and numbers
	}
	return raw
}

// eachByItself makes findings in different files different incidents.
var eachByItself = strings.Replace(small, "route: { policy: team }", "route: { policy: team, group_by: [path] }", 1)

const (
	flood     = 500 // findings of one run
	floodTime = 45 * time.Second
	mostTexts = 6 // to one number in ten minutes, of which this watches the first part
)

// A scanner's run with 500 findings that page at once does not ring a phone 500 times: a few
// texts tell of all of them, nobody is left out, what is most urgent comes through at once, and
// one reply takes the whole bundle.
func TestScannerFlood(t *testing.T) {
	apptest.Both(t, func(t *testing.T, kind apptest.Kind) {
		w := apptest.New(t, kind, eachByItself)
		g := w.Run()
		began := time.Now()
		require.Equal(t, flood, g.Scan(scan(flood, "SQL injection")).Opened)
		w.Page(anaPhone, "SQL injection")

		urgentAt := time.Now()
		urgent := g.Opens(apptest.Event{Key: "urgent", Title: "Vault drained", Severity: "critical"})
		page := w.Page(anaPhone, "P0 Vault drained")
		assert.Less(t, page.At.Sub(urgentAt), 3*time.Second, "what is most urgent is texted at once; what folds waits for fifteen seconds")

		bundle := w.Await(floodTime, "the text that bundles", func(x telephone.Text) bool {
			return apptest.IsPage(x) && strings.Contains(x.Body, " more incidents: ")
		})
		named := allSent(t, g, urgent)
		acknowledgeBundle(t, g, bundle, named)
		w.Never(began.Add(floodTime), "at most six texts", func(telephone.Text) bool { return len(w.Pages()) > mostTexts })
		t.Logf("%d findings and one P0 took %d texts:\n%s", flood, len(w.Pages()), w.Screens())
	})
}

// allSent waits until every incident has an attempt that was sent, and returns the bundles that
// name them.
func allSent(t *testing.T, g *apptest.Gateway, urgent paging.IncidentID) map[string][]paging.IncidentID {
	t.Helper()
	list := g.List()
	require.Len(t, list, flood+1)
	named := map[string][]paging.IncidentID{}
	require.Eventually(t, func() bool {
		clear(named)
		for _, i := range list {
			attempts := g.Incident(i.ID).Attempts
			if len(attempts) != 1 || attempts[0].State != paging.Sent && attempts[0].State != paging.Delivered {
				return false
			}
			if i.ID != urgent {
				named[attempts[0].Bundle] = append(named[attempts[0].Bundle], i.ID)
			}
		}
		return true
	}, floodTime, time.Second, "every incident has an attempt that was sent")
	return named
}

func acknowledgeBundle(t *testing.T, g *apptest.Gateway, bundle telephone.Text, named map[string][]paging.IncidentID) {
	t.Helper()
	var key string
	for name, ids := range named {
		if len(ids) > len(named[key]) {
			key = name
		}
	}
	ids := named[key]
	require.NotEmpty(t, key, "most incidents are in a bundle")
	require.Equal(t, flood, len(ids)+len(named[""]), "all others have a text of their own")
	m := strings.SplitN(bundle.Body, "Reply ", 2)
	require.Len(t, m, 2)
	require.Regexp(t, fmt.Sprintf(`^\d+ = ack all %d\. list shows them$`, len(ids)), m[1])
	code, _, _ := strings.Cut(m[1], " ")

	answer := g.Reply(anaPhone, code)
	require.True(t, strings.HasPrefix(answer, fmt.Sprintf("Acked %d: ", len(ids))), answer)
	state := map[paging.IncidentID]escalation.State{}
	for _, i := range g.List() {
		state[i.ID] = i.State
	}
	for _, id := range ids {
		require.Equal(t, escalation.Acknowledged, state[id])
	}
	for _, id := range named[""] {
		require.Equal(t, escalation.Triggered, state[id], "the code takes its bundle and nothing else")
	}
}
