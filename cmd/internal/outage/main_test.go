package outage_test

import (
	"testing"

	"tocsin/cmd/internal/apptest"
)

func TestMain(m *testing.M) { apptest.Main(m, 4) }
