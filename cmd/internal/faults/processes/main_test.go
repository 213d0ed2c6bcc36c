package processes_test

import (
	"flag"
	"os"
	"testing"
)

// The cells mostly wait, for leases and for each other's turns: all of them run at a time, however
// few processors there are.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "5"); err != nil {
		panic(err) // a flag of package testing
	}
	os.Exit(m.Run())
}
