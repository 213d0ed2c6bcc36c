// Package sim proves promises by simulation: one seed is one history, the real engine, Step,
// lanes and delivery live through it in virtual time, and a checker that shares no code with
// them says which promise was broken.
//
//	Generate(seed) → Script ── Play ──▶ History ── Check ──▶ violations ── Shrink ──▶ the least script
//
// # How it works
//
// One to four processes, each an engine with a delivery, share one memory store. Each sees the
// store and the provider through a door of its own (door.go), where calls take time, fail, are
// applied although an error is seen, arrive late, or hang; and where the process dies, before or
// after a call was applied or a text was taken. A process that died is cut off from the world
// and starts again later, with a new engine. Clocks are off and jump; the store's clock is the
// true time. Around them are senders that post again until they get a 2xx, one of them with
// groups as Alertmanager sends them, people who answer what their phones received, a provider
// that refuses, hangs, loses, doubles and reorders, commands over the API and new books at
// different instants. Then all faults end, time runs on, and everything must come right.
//
// The checker reads evidence only: what senders saw accepted, what was committed and when in
// true time, what is stored at the end, what the provider and the phones received, and the
// answers that people got. Its rules are the invariants of the design and of reliability.md.
//
// A bubble of testing/synctest makes the time virtual, and testing/cryptotest the random ids
// repeatable. What keeps a history the same from run to run is that every call takes a time
// that derives from the seed and the call (world.jitter), so that hardly ever two goroutines can
// run at one instant, and that one runs at a time (GOMAXPROCS 1). So histories are played one
// after the other in a process; many are played in several processes.
//
// # What it cannot find
//
// Data races and orders of instructions between two calls (the race detector and storetest look
// for those), faults of the other stores, of wire formats, of HTTP and of the provider's client
// (the fault suites use the real ones), wrong words in texts, and wrong decisions of routing:
// the checker believes the books. Time bounds are those of the poll that a script draws.
//
// # Running it
//
//	go test ./cmd/internal/sim                                some hundred histories
//	TOCSIN_SEQUENCES=10000 go test ./cmd/internal/sim         as CI does
//	TOCSIN_SEED=42 go test -v -run TestHistories ./cmd/internal/sim   one, with its log
//	make soak SOAK=30s                                        new seeds for so long
package sim
