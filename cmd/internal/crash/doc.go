// Package crash proves the promise of the 2xx: an alert that was accepted is kept and reaches a
// phone, although the process that accepted it is killed. It holds tests only.
//
// On the stage of package lab, SIGKILL ends the gateway at random moments while requests are
// under way; then it is started again on the same store. Another test kills the redis-server
// below it. TOCSIN_KILLS sets the number of kills, -short makes it 3.
package crash
