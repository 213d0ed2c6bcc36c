// Package admission decides whether a delivery may come in now, so that no sender can starve
// the others, fill the memory or drown what is urgent.
//
// Two things are shared by all senders: the bytes of bodies held at one time, and the alerts
// that wait to be stored. Of both a sender may hold as much as is still free for all: alone it
// gets half, of two greedy ones each a third, and whoever holds nothing yet always finds room
// (the dynamic thresholds of Choudhury and Hahne, IEEE/ACM Transactions on Networking 6/2,
// 1998). Beside that each integration has a rate, a token bucket of alerts, which is generous
// by default: it is meant for the sender that went mad.
//
// Whoever is refused is told when to try again, and never with 429, which some senders take
// for an end. Refusals are counted, and remembered until somebody has told the owner
// ([Control.Untold]): alerts that wait at the door are news.
package admission
