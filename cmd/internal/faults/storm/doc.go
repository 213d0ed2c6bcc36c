// Package storm proves restraint: ten thousand different alerts in a minute, all for one person,
// cost a few texts and a bounded memory, while what is most urgent still comes through at once
// and people's own commands are answered. It holds tests only.
//
// The real binary runs on each store. Every alert has an incident of its own. In the end each of
// them was told: by a text of its own or by a digest. TOCSIN_STORM sets how many alerts there
// are (10000), TOCSIN_STORM_TIME in how long they come (12s).
package storm
