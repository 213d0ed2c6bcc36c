//go:build !linux

package lab

import "syscall"

// dieWithTest has no means here: only the test's own cleaning up ends the gateway.
func dieWithTest() *syscall.SysProcAttr { return nil }
