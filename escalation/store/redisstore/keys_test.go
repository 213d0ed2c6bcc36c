package redisstore

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestKeysOfTexts ensures that keys and shards which are made of texts stay what they are: what
// an older version stored must be found.
func TestKeysOfTexts(t *testing.T) {
	long := strings.Repeat("ä", 200)
	require.Equal(t, "WH8HeN98YhQd_AXUf2O6Pg", digest("prometheus", long))
	require.Equal(t, "47DEQpj8HBSa-_TImW-5JA", digest())
	require.Equal(t, 13, (&Store{shards: 16}).shardOfText("identity", "prometheus", long))
}
