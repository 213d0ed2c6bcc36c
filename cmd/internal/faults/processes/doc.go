// Package processes proves that several gateways on one Redis are one pager: whichever of them
// dies, stops, is cut off or is replaced by another version, every accepted alert reaches a phone.
// It holds tests only.
//
// Three processes of the real binary share a real redis-server, each over a link of its own; a
// load balancer that knows nothing leads to them. See package lab for the stage and the verdict.
// Each run also prints how late tiers and pages came, since a process that dies holds leases
// that must run out.
//
// TOCSIN_FAULTS_ALERTS sets how many alerts a run accepts at least (1000);
// TOCSIN_OLDER can name an earlier binary of the same minor version, to run beside this one.
package processes
