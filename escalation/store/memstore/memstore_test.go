package memstore_test

import (
	"testing"

	"tocsin/escalation/store"
	"tocsin/escalation/store/memstore"
	"tocsin/escalation/store/storetest"
)

// TestStore ensures that memstore does what every store does.
func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return memstore.New(memstore.Options{}) }, storetest.ExactIndexes())
}

func BenchmarkStore(b *testing.B) {
	storetest.BenchmarkSuite(b, func(testing.TB) store.Store { return memstore.New(memstore.Options{}) })
}
