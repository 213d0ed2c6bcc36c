package outage_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// atOnce is how many stories run at the same time: they mostly wait.
const atOnce = "4"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
