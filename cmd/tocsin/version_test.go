package main

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDescribeBuild(t *testing.T) {
	// Ensures that the linker's version wins over the module's, and that changes show.
	info := &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "v1.0.0"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"},
	}}
	require.Equal(t, "tocsin v1.0.0 0123456789ab+changes (go1.26.8)", describeBuild("", info).String())
	require.Equal(t, "v2.0.0", describeBuild("v2.0.0", info).Version)
	require.Equal(t, "tocsin development", describeBuild("", &debug.BuildInfo{}).String())
}
