// Package outage tells what a gateway does while its shared store is away, and when it is back:
// end-to-end stories with a real Redis that is killed, stopped, cut off or slow. They have a
// package of their own because they hold the gateway to seconds.
package outage
