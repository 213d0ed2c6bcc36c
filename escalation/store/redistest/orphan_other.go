//go:build !linux

package redistest

import "syscall"

// DieWithTest has no means here: only the test's own cleaning up ends the gateway.
func DieWithTest() *syscall.SysProcAttr { return nil }
