package lab

import (
	"fmt"
	"strings"
)

const (
	apiToken   = "an-api-token-of-a-test"
	hookToken  = "a-webhook-token-of-a-test"
	accountSID = "AC0123456789abcdef0123456789abcdef"
	authToken  = "an-auth-token-of-a-test"
	ourNumber  = "+12025550100"
	policies   = 4
	tiers      = 3
)

// People is how many users there are: one for each tier of each policy.
const People = policies * tiers

// TierOf is the tier that pages a user, from 0. The first tier's users are the fallback, too.
func TierOf(user int) int { return user % tiers }

// NumberOf is a user's phone.
func NumberOf(user int) string { return fmt.Sprintf("+1202555%04d", 110+user) }

// configuration spreads pages over twelve phones. Every alert has an incident of its own, and
// all are of the most urgent severity, which is never bundled; deadlines are the test's.
func configuration(public, twilio string, within [tiers]string) string {
	var routes, ladders, users strings.Builder
	for p := range policies {
		fmt.Fprintf(&routes, "    - { matchers: ['lane=\"%d\"'], policy: p%d }\n", p, p)
		fmt.Fprintf(&ladders, "  - name: p%d\n    tiers:\n", p)
		for i, within := range within {
			fmt.Fprintf(&ladders, "      - { name: tier%d, page: ['user:u%d'], acknowledge_within: %s }\n", i, p*tiers+i, within)
			fmt.Fprintf(&users, "  - { name: u%d, contacts: [{ name: mobile, sms: '%s' }] }\n", p*tiers+i, NumberOf(p*tiers+i))
		}
		fmt.Fprintf(&ladders, "    fallback_every: 1h\n    fallback: ['user:u%d']\n", p*tiers)
	}
	return fmt.Sprintf(`public_url: %s
api_tokens: [{ name: test, token: { env: API_TOKEN } }]
severities: [{ name: P0, words: [critical], urgency: urgent, respond_within: 5m, acknowledge_expires: 1h }]
default_severity: P0
integrations:
  - { name: events, source: generic, auth: { bearer: { env: HOOK_TOKEN } } }
  - { name: prometheus, source: alertmanager, auth: { bearer: { env: HOOK_TOKEN } } }
route:
  policy: p0
  group_by: [case]
  routes:
%spolicies:
%susers:
%sproviders:
  - { name: twilio, type: twilio, account_sid: { env: ACCOUNT_SID }, auth_tokens: [{ env: AUTH_TOKEN }], from: ['%s'], base_url: '%s' }
`, public, routes.String(), ladders.String(), users.String(), ourNumber, twilio)
}
