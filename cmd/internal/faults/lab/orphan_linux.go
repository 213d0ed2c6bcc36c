package lab

import "syscall"

// dieWithTest has the system kill the gateway when the test's process ends without cleaning up.
func dieWithTest() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
