package app_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// atOnce is how many stories run at the same time. They mostly wait for deadlines, so that it
// may be more than there are cores. Those that hold the gateway to a second of its deadlines
// are not parallel: they have the machine to themselves.
const atOnce = "6"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
