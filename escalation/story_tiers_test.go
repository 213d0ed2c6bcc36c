package escalation

import "testing"

// TestStoriesOfTiers ensures that tiers, rounds and the fallback follow each other as the
// rules of tiers say (DESIGN §4.5).
func TestStoriesOfTiers(t *testing.T) {
	tellAll(t, []story{
		{"tier after tier, a second round, then the fallback for ever", `
			03:00 fire a P1 | opened, at primary, round 0, until 03:05, pages ana
			03:05 timer     | done, at secondary, until 03:10, pages ben
			03:10 timer     | done, at escalation, until 03:15, pages dana
			03:15 timer     | done, at primary, round 1, until 03:20, pages ana
			03:20 timer     | at secondary, pages ben
			03:25 timer     | at escalation, pages dana
			03:30 timer     | done, fallback, until 03:40, pages dana
			03:40 timer     | done, fallback, until 03:50, pages dana
			03:50 timer     | done, fallback, pages dana
			04:00 timer     | done, fallback, pages dana`},
		{"the fallback by severity", `
			03:00 fire a P0      | opened, pages ana
			03:00 ben escalates  | at secondary, pages ben
			03:00 ben escalates  | at escalation, pages dana
			03:00 ben escalates  | at primary, round 1, pages ana
			03:00 ben escalates  | at secondary, pages ben
			03:00 ben escalates  | at escalation, pages dana
			03:00 ben escalates  | fallback, pages ana ben cleo cleo+2m cleo/work+4m dana`},
		{"after an outage a step counts from now", `
			03:00 fire a P1 | opened, pages ana
			04:00 timer     | done, at secondary, until 04:05, pages ben`},
		{"an empty tier hands on at once", `
			03:00 fire a P1 policy=gap | opened, at first, pages ana
			03:05 timer                | done, at last, until 03:10, pages ben, says gap has nobody to page
			03:10 timer                | done, at first, round 1, pages ana`},
		{"a tier whose every attempt failed hands on at once", `
			03:00 fire a P1  | opened, pages ana
			03:01 failed ana | done, at secondary, until 03:06, pages ben, says every attempt has failed
			03:01 failed ben | at escalation, pages dana`},
		{"a ladder has failed only when its last rung has", `
			03:00 fire a P1 policy=ladder | opened, at one, pages cleo cleo+2m cleo/work+4m
			03:00 failed cleo             | done, at one
			03:02 sent cleo               | done, at one
			03:02 receipt failed cleo/mobile 5 | done, at one
			03:04 failed cleo/work        | done, at two, pages ben cleo cleo+2m cleo/work+4m`},
		{"rounds never run faster than acknowledge_within", `
			03:00 fire a P1   | opened, pages ana
			03:01 failed ana  | at secondary, pages ben
			03:01 failed ben  | at escalation, pages dana
			03:01 failed dana | done, waiting, until 03:05, says next round waits
			03:02 receipt delivered ben 3 | done, waiting
			03:05 timer       | done, at primary, round 1, pages ana
			03:05 failed ana  | pages ben
			03:05 failed ben  | pages dana
			03:05 failed dana | fallback, pages dana
			03:06 failed dana | done, fallback, until 03:15
			03:15 timer       | fallback, pages dana`},
		{"a person who passes it on does not wait for the round", `
			03:00 fire a P1      | opened, pages ana
			03:01 failed ana     | pages ben
			03:01 failed ben     | pages dana
			03:01 failed dana    | waiting
			03:02 dana escalates | done, at primary, round 1, pages ana`},
		{"a policy without tiers goes to its fallback", `
			03:00 fire a P1 policy=toothless | opened, fallback, until 03:15, pages dana`},
		{"rounds that reach nobody are not repeated, and the root's fallback is used", `
			03:00 fire a P1 policy=lonely | opened, fallback, pages dana, says one has nobody to page`},
		{"nobody can be reached at all: a timer still runs", `
			02:00 book nobody
			03:00 fire a P1 | opened, fallback, until 03:10, says nobody can be reached
			03:10 timer     | done, fallback, until 03:20
			03:15 book base | done, unchanged
			03:20 timer     | done, fallback, pages dana`},
		{"when no fallback leads to anybody, everyone is paged", `
			02:00 book no policies
			03:00 fire a P2 | opened, fallback, pages ben cleo dana`},
		{"a newer page supersedes what is still planned for the same contact", `
			03:00 fire a P1 policy=ladder | pages cleo cleo+2m cleo/work+4m
			03:01 ben escalates           | done, at two, cancels cleo cleo cleo, pages ben cleo cleo+2m cleo/work+4m`},
		{"what a tier still has planned goes on in the next, but not twice to one contact", `
			03:00 fire a P1 policy=ladder | pages cleo cleo+2m cleo/work+4m
			03:00 sent cleo               | done
			03:05 timer                   | done, at two, cancels cleo cleo, pages ben cleo cleo+2m cleo/work+4m`},
		{"a tier that has a new name is found by its number, one that moved by its name", `
			03:00 fire a P1          | opened, at primary, pages ana
			03:01 book renamed       | done, unchanged
			03:05 timer              | done, at front desk, round 1, pages cleo cleo+2m cleo/work+4m
			03:09 timer              | done, at primary, until 03:12, pages ana ben
			03:10 book base          | done
			03:12 timer              | done, at secondary, round 1, pages ben`},
		{"two tiers of one name are both gone through", `
			03:00 fire a P1 policy=twins | pages ana
			03:05 timer                  | pages ben
			03:10 timer                  | fallback, pages dana`},
		{"an unknown policy is replaced by the root's", `
			03:00 fire a P1 policy=ladder | opened, at one, pages cleo cleo+2m cleo/work+4m
			03:01 book no policies        | done
			03:05 timer                   | done, fallback, pages ben cleo cleo+2m cleo/work+4m dana, cancels cleo cleo cleo`},
		{"people who are gone are not paged", `
			03:00 fire a P1      | opened, pages ana
			03:01 book only dana | done
			03:05 timer          | done, at escalation, pages dana`},
		{"a test page ends by itself, without a fallback", `
			03:00 fire a P1 policy=gap source=test | opened, at first, pages ana
			03:05 timer                            | at last, pages ben
			03:10 timer                            | at first, round 1, pages ana
			03:15 timer                            | done, resolved, cancels ana ben, says silent for 15m`},
		{"a test page that reaches nobody ends at once", `
			03:00 fire a P1 policy=lonely source=test | opened, resolved, says nobody answered the test page`},
	})
}

// TestStoriesOfClocks ensures that promises start with the first tier, warn at three quarters,
// and are met or breached once (DESIGN §4.7).
func TestStoriesOfClocks(t *testing.T) {
	tellAll(t, []story{
		{"warned, then met", `
			03:00 fire a P0    | pages ana, sla acknowledge running, sla respond running, sla resolve running, due 03:03:45
			03:03:45 timer     | done, sla acknowledge warned, says three quarters, due 03:05
			03:04 ana acks     | sla acknowledge met, sla respond met, sla resolve running
			03:30 end a        | resolved, sla resolve met`},
		{"breached at its end, once", `
			03:00 fire a P0    | pages ana
			03:05 timer        | at secondary, pages ben, sla acknowledge running, says acknowledge of primary within 5m: breached
			03:10 timer        | at escalation, pages dana
			03:15 timer        | at primary, pages ana, sla respond warned
			03:20 timer        | at secondary, pages ben, sla respond breached, says respond within 20m: breached
			03:21 ben acks     | sla acknowledge met, sla respond breached`},
		{"warning and breach both late, at once", `
			03:00 fire a P0    | pages ana
			05:00 timer        | pages ben, sla respond breached, says three quarters`},
		{"late, though nobody noticed yet", `
			03:00 fire a P0    | pages ana
			03:25 ana acks     | sla respond breached, sla acknowledge breached`},
		{"handed on before its end: neither met nor breached", `
			03:00 fire a P0     | pages ana
			03:01 ana escalates | pages ben
			03:02 ben acks      | sla acknowledge met`},
		{"it ends by itself before anybody answered", `
			03:00 fire a P0    | pages ana
			03:01 end a        | resolved, sla respond ended, sla acknowledge ended, sla resolve met`},
		{"a rise brings the promise nearer", `
			03:00 fire a P1    | pages ana, sla respond running, sla resolve none
			03:01 fire a P0    | pages ana, sla respond running, sla resolve running, due 03:04
			03:16 timer        | pages ben, sla respond warned`},
		{"a late rise does not move it away", `
			03:00 fire a P1    | pages ana
			03:45 timer        | pages ben, sla respond warned, until 03:50
			03:49 fire a P0    | tier, pages ana, until 03:50
			04:00 timer        | pages ben, sla respond breached`},
		{"no clock runs while it is quiet", `
			03:00 fire a P0 hold=yes | held, sla respond none
			03:10 timer              | pages ana, sla respond running`},
	})
}
