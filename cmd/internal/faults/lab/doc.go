// Package lab is the stage on which faults are played: real gateways on a real store, phones
// that know what arrived, a stream of alerts, people who answer, and a verdict. It is for tests.
//
// [New] starts the real `tocsin` binary, once for each URL in Options.Stores. The phones are in
// the test's own process, so they know what reached them, whatever a gateway believes. A stream
// of alerts, each with an incident of its own, runs over several connections; the stream notes
// which of them got a 2xx. People acknowledge some of their pages.
//
// The test then breaks things: [Gateway.Kill], the servers below it, a [Link] between. In the
// end [Lab.End] stops the stream, waits until all has settled, and judges from the phones' log
// and the HTTP API:
//
//   - an alert that got a 2xx is lost unless it is a member of exactly one incident and a text
//     on a phone names it;
//   - an acknowledgement that a phone saw confirmed still holds, and so does an accepted end;
//   - timelines are whole, open incidents have a timer, and nothing waits that is long due;
//   - an attempt has no more copies than one, and one more per crash, or whatever else may
//     repeat a text (Lab.Crashed).
//
// Where a setting promises less (Lab.Lossy), what was lost is counted, and only what remains is
// checked. The verdict's line is the same everywhere: "faults: A accepted, P paged, R repeated,
// L lost".
package lab
