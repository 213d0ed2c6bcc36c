package redistest

import "syscall"

// DieWithTest has the system kill a process when the test's process ends without cleaning up.
func DieWithTest() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
