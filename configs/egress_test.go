package configs

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// It ensures that egress reads blocks and single addresses, that nothing is allowed without
// it, and that http to a name needs leave while a literal address does not.
func TestEgress(t *testing.T) {
	load := func(egress, base string) (*Config, error) {
		text := strings.ReplaceAll(minimal(t), "\nroute:", "\n"+egress+"\nroute:")
		text = strings.Replace(text, "from: ['+12025550100']", "from: ['+12025550100'], base_url: '"+base+"'", 1)
		require.Contains(t, text, base)
		return Load(filepath.Join(writeFiles(t, map[string]string{"c.yaml": text}), "c.yaml"), Options{Registry: registry(), Env: anyEnv})
	}
	c, err := load("", "http://127.0.0.1:8080")
	require.NoError(t, err)
	assert.Zero(t, c.Egress)
	assert.False(t, c.Egress.Allows(netip.MustParseAddr("10.0.0.1")))

	_, err = load("", "http://twilio.example.org")
	require.ErrorContains(t, err, "plain_http: true")

	c, err = load("egress: { allow: [10.1.2.3/16, 192.0.2.1, 'fd00::/8'], plain_http: true }", "http://twilio.example.org")
	require.NoError(t, err)
	for address, want := range map[string]bool{
		"10.1.255.255": true, "10.2.0.0": false, "192.0.2.1": true, "192.0.2.2": false, "fd12::1": true, "fe80::1": false, "::ffff:10.1.0.1": true, "::1": false,
	} {
		assert.Equal(t, want, c.Egress.Allows(netip.MustParseAddr(address)), address)
	}
}
