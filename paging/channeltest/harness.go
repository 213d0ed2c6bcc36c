// Package channeltest defines what every paging.Channel promises, as a test suite.
//
// A channel's test gives a function that makes a [Harness]: the channel, wired to a stand-in
// of its provider that listens on a real socket, and the means to make the stand-in answer in
// a certain way. [Run] then plays every [Answer] and checks the class of each error, that the
// context ends a send, that receipts are filled, that a message whose outcome was unknown can
// be found, and that no goroutine stays behind.
//
//	func TestChannel(t *testing.T) {
//		channeltest.Run(t, func(t *testing.T) channeltest.Harness {
//			srv := newStandIn(t)
//			return channeltest.Harness{
//				Channel: New(Options{BaseURL: srv.URL, …}),
//				To:      "+12025550101",
//				Answer:  srv.Answer,
//				Taken:   srv.Taken,
//				Close:   srv.Close,
//			}
//		})
//	}
package channeltest

import (
	"time"

	"tocsin/paging"
)

// Answer is how the provider's stand-in treats the sends that follow.
type Answer string

// The answers that a stand-in must be able to give. Only sends are affected: look-ups (Find)
// are always answered properly.
const (
	Accept      Answer = "accept"       // takes the message
	BadContact  Answer = "bad contact"  // the address can never be reached
	OptedOut    Answer = "opted out"    // the person told the provider to stop
	BadAccount  Answer = "bad account"  // our credentials are refused
	BadContent  Answer = "bad content"  // the text is refused
	RateLimited Answer = "rate limited" // too many requests, "Retry-After: 7", in the provider's own error format
	ServerError Answer = "server error" // status 503 with an HTML page of about 3 kB
	Hang        Answer = "hang"         // takes nothing and never answers while the client waits
	// Drop takes the message and then cuts the connection without an answer: the outcome is
	// unknown to the channel, and Find must find the message.
	Drop Answer = "drop"
)

// RetryAfter is what the stand-in asks for with RateLimited.
const RetryAfter = 7 * time.Second

// Harness is one channel with the stand-in of its provider. It begins with Accept.
type Harness struct {
	Channel paging.Channel
	To      string         // an address that the provider takes
	Answer  func(a Answer) // for all sends from now on
	Taken   func() int     // messages that the stand-in took so far, Drop included
	// Close stops the stand-in and closes the channel's idle connections. Afterwards no
	// goroutine of either may be left.
	Close func()
}
