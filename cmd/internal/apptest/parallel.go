package apptest

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// Main is the TestMain of a package of stories: so many run at the same time. They mostly wait,
// for deadlines and for servers, so that it may be more than there are cores. Those that hold
// the gateway to a second of its deadlines are not parallel: they have the machine to themselves.
func Main(m *testing.M, atOnce int) {
	flag.Parse()
	if err := flag.Set("test.parallel", fmt.Sprint(atOnce)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
