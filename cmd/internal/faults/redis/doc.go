// Package redis breaks Redis below a gateway in every way that a real one breaks. It holds
// tests only; the stage is package lab. The gateways have no spool, so that it is Redis which is
// proven.
//
// Measured on two busy cores, in runs of one to two faults and 1 000 accepted alerts each; lost
// is what got a 2xx and is on no phone or gone from the store. "0" is a promise, "none seen" is not:
//
//	fault                                  setting                        lost of 1 000
//	kill -9 of redis-server                appendfsync always             0
//	                                       appendfsync everysec           none seen; up to 2 s when the disk is slow
//	                                       appendonly no                  250 to 540
//	SIGSTOP, disconnects, latency, resets, appendfsync always             0
//	  cut replies, CLIENT KILL, full
//	  memory, restart while rewriting
//	fail-over, master's process dies       no ?wait                       6 to 17
//	  (master, two replicas, Sentinel)     min-replicas-to-write 1, 1 s   7
//	                                       ?wait=1 of 2                   none seen; an acknowledgement was
//	                                       ?wait=2 of 2                   0
//	fail-over, master's host dies          no ?wait                       up to 29
//	                                       min-replicas-to-write 1, 1 s   none seen
//	                                       ?wait=1 of 2                   3 to 15
//	                                       ?wait=2 of 2                   0
//	master cut off from its replicas,      no ?wait                       67 to 164
//	  gateway on its side                  ?wait=1 of 2                   3
//	Cluster: a master's process dies       no ?wait                       none seen
//	                                       ?wait=1 of 1                   0
//	Cluster: every slot moves under load   any                            0
//
// Two things are worth knowing. Sentinel promotes the replica that was the furthest when it last
// asked, which may be seconds ago: ?wait must name all replicas. And with everysec Redis keeps
// writes to itself while an fsync runs, so that even the death of its process loses some.
//
// TOCSIN_FAULTS_ROUNDS and TOCSIN_FAULTS_ALERTS make the runs longer (make faults).
package redis
