// Package replay runs recorded alerts through configurations: what would have been, had this
// one been in force, and what a change of it would mean.
//
//	store.Intake ──decode, with each config's own integrations──▶ escalation.Delivery
//	   ├▶ routing.Table.Route, old and new   → alerts whose policy or severity changes
//	   └▶ escalation.Replayer, old and new   → pages by person, tier and severity
//
// The judgement is the real Step in virtual time; nothing here decides who is paged. What is
// recorded is what came in, so people are a model ([escalation.ReplayOptions.AckAfter]): their
// acknowledgements, resolves and snoozes of that time belong to pages that may not exist now.
// The old configuration is played, too, rather than read from history, so that both sides
// differ in the configuration alone.
//
// A [Comparison] takes the log page by page. Its memory holds what is open at one time, a
// number per alert, and counts; not the history.
package replay
