package app

import (
	"context"
	"strings"

	"tocsin/escalation/store"
	"tocsin/escalation/store/boltstore"
	"tocsin/escalation/store/redisstore"
)

// OpenStore opens the store behind --store: a redis URL, or else a folder for the embedded one.
func OpenStore(ctx context.Context, where string) (store.Store, error) {
	if shared(where) {
		return redisstore.Open(ctx, where)
	}
	return boltstore.Open(where)
}

// withoutPassword is an address as it may be shown.
func withoutPassword(where string) string {
	scheme, rest, ok := strings.Cut(where, "://")
	if at := strings.LastIndexByte(rest, '@'); ok && at >= 0 {
		return scheme + "://…" + rest[at:]
	}
	return where
}
