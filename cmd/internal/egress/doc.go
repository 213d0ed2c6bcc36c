// Package egress makes the HTTP client for every address that Tocsin calls by itself: the
// provider's API, a heartbeat, whatever an admin writes down.
//
// Such an address may come from somebody who may edit the configuration but shall not see the
// inside of the network (server-side request forgery), and a name can be pointed at an inner
// address after it was looked at (DNS rebinding). So the check comes last: [net.Dialer]'s
// Control judges the address that is about to be connected to, whatever the resolver said
// before. A literal IP address in the configuration is the admin's own word and is taken as it
// is; a name leads to public addresses only, unless egress.allow lists the others.
//
// A [Client] belongs to one address: it calls nothing else, follows no redirect, takes no proxy
// from the environment, and bounds the time and the bytes of an answer.
package egress
