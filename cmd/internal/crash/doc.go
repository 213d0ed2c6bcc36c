// Package crash proves the promise of the 2xx: an alert that was accepted is kept and reaches a
// phone, although the process that accepted it is killed. It holds tests only.
//
// The real binary serves a real store. A stream of alerts runs against it over several
// connections, people answer their texts, tiers run out, and SIGKILL ends the process at random
// moments while requests are under way; then it is started again on the same store. Another test
// kills the redis-server below it. The phones are in the test's own process, so they know what
// arrived, whatever the gateway believes.
//
// In the end, from the phones' log and the HTTP API:
//
//   - every alert that got a 2xx is a member of exactly one incident, and a phone shows a text
//     that names it;
//   - every acknowledgement that a phone saw confirmed still holds, and so does every accepted end;
//   - timelines are whole, open incidents have a timer, and nothing waits that is long due;
//   - no attempt has more copies than one, and one more per crash.
//
// TOCSIN_KILLS sets the number of kills, -short makes it 3, and TOCSIN_SEED repeats the dice of
// an earlier run (though not its timing).
package crash
