package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"tocsin/cmd/internal/registry"
	"tocsin/configs"
)

// Names of the variables that the configuration asks for.
const (
	envAPI     = "TOCSIN_BENCH_API"
	envSender  = "TOCSIN_BENCH_SENDER"
	envAccount = "TOCSIN_BENCH_ACCOUNT"
	envAuth    = "TOCSIN_BENCH_AUTH"
)

// fromNumber is where texts come from. All numbers here are fictitious (555-01XX).
const fromNumber = "+12025550100"

// secrets are the values of those variables in one run.
type secrets map[string]string

func newSecrets() secrets {
	var sid [16]byte
	_, _ = rand.Read(sid[:]) // crypto/rand.Read never fails
	return secrets{envAPI: rand.Text(), envSender: rand.Text(), envAuth: rand.Text(), envAccount: "AC" + hex.EncodeToString(sid[:])}
}

func (s secrets) lookup(name string) (string, bool) {
	v, ok := s[name]
	return v, ok
}

func (s secrets) environ() []string {
	env := os.Environ()
	for k, v := range s {
		env = append(env, k+"="+v)
	}
	return env
}

// phone is the number of the nth user: 99 in each of the area codes from 205 up.
func phone(n int) string { return fmt.Sprintf("+1%03d55501%02d", areas[n/99], n%99+1) }

// areas are area codes in use, so that nothing warns.
var areas = [...]int{205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225}

// yaml is a configuration with so many users, each of whom is paged for the alerts with a
// label user of their own. With hold a page waits an hour, so that only ingest is measured.
func yaml(users int, hold bool, publicURL, phoneURL string) string {
	var s strings.Builder
	fmt.Fprintf(&s, "public_url: %s\n", publicURL)
	s.WriteString(`api_tokens: [{ name: bench, token: { env: ` + envAPI + ` } }]
severities:
  - { name: P0, words: [critical], urgency: urgent }
  - { name: P1, words: [warning], urgency: normal }
default_severity: P1
integrations:
  - { name: prometheus, source: alertmanager, auth: { bearer: { env: ` + envSender + ` } }, rate_limit: { alerts_per_second: 1000000 } }
classify:
  - { name: watchdogs, matchers: ['alertname=~"Watchdog|InfoInhibitor"'], suppress: true }
`)
	s.WriteString("route:\n  policy: user-0\n  group_by: [alertname, pod]\n  routes:\n")
	for i := range users {
		fmt.Fprintf(&s, "    - { matchers: ['user=\"%d\"'], policy: user-%d", i, i)
		if hold {
			s.WriteString(", hold: 1h")
		}
		s.WriteString(" }\n")
	}
	s.WriteString("policies:\n")
	for i := range users {
		fmt.Fprintf(&s, "  - { name: user-%d, owner: u%d, tiers: [{ name: primary, page: ['user:u%d'], acknowledge_within: 1h }, { name: secondary, page: ['user:boss'], acknowledge_within: 1h }], fallback: ['user:boss'] }\n", i, i, i)
	}
	s.WriteString("users:\n  - { name: boss, contacts: [{ name: mobile, sms: '" + fromNumber[:len(fromNumber)-1] + "1' }] }\n")
	for i := range users {
		fmt.Fprintf(&s, "  - { name: u%d, contacts: [{ name: mobile, sms: '%s' }] }\n", i, phone(i))
	}
	fmt.Fprintf(&s, "providers: [{ name: twilio, type: twilio, account_sid: { env: %s }, auth_tokens: [{ env: %s }], from: ['%s'], base_url: %s }]\n",
		envAccount, envAuth, fromNumber, phoneURL)
	return s.String()
}

// heldConfig is the configuration of everything where nobody is paged.
func heldConfig() string {
	return yaml(1, true, "http://127.0.0.1:9", "http://127.0.0.1:9")
}

func parse(text string, s secrets) (*configs.Config, error) {
	return configs.Parse("bench.yaml", []byte(text), registry.Config(), s.lookup)
}
