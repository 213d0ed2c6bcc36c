package escalation

import "testing"

// TestStoriesOfMembers ensures that alerts join, end, go missing, come back and move as the
// rules of members and ends say (DESIGN §4.2), and that severity only rises (§4.3).
func TestStoriesOfMembers(t *testing.T) {
	tellAll(t, []story{
		{"the last end resolves", `
			03:00 fire a P1          | opened, tier, pages ana, counts 1/0/0
			03:01 fire b P1          | done, counts 2/0/0, at primary
			03:02 end a              | done, counts 1/1/0, tier
			03:02 end a              | recorded, unchanged
			03:02 end unheard        | recorded, unchanged
			03:03 end b              | done, resolved, counts 0/2/0, cancels ana, says the last alert has ended`},
		{"the same firing again only counts", `
			03:00 fire a P1          | opened, pages ana
			03:01 fire a P1          | repeated, unchanged`},
		{"a member missing from complete groups ends after five minutes", `
			03:00 fire a P1          | opened, pages ana, until 03:05
			03:01 unlist a           | done, counts 1/0/1, tier
			03:05:59 unlist a        | done, counts 1/0/1, tier
			03:06 unlist a           | done, resolved, counts 0/1/0
			03:07 unlist a           | recorded, unchanged`},
		{"a member that is listed again starts anew", `
			03:00 fire a P1          | opened, pages ana
			03:01 unlist a           | counts 1/0/1
			03:02 fire a P1          | done, counts 1/0/0, says still fires
			03:06 unlist a           | counts 1/0/1, tier
			03:07 end a              | resolved, counts 0/1/0`},
		{"a late duplicate within a minute of an explicit end is only recorded", `
			03:00 fire a P1 start=02:59    | opened, pages ana
			03:02 end a ends=03:02         | resolved
			03:02:59 fire a P1 start=02:59 | recorded, resolved, says late duplicate
			03:03 fire a P1 start=02:59    | reopened, tier, pages ana`},
		{"a late duplicate beside members that fire is only recorded, too", `
			03:00 fire a P1 start=02:59    | opened, pages ana
			03:00 fire b P1                | done
			03:01 end a                    | counts 1/1/0
			03:01:30 fire a P1 start=02:59 | recorded, counts 1/1/0
			03:01:40 fire a P1 start=03:01 | done, counts 2/0/0, says fires again`},
		{"what was only missing is no late duplicate", `
			03:00 fire a P1 start=02:59    | opened, pages ana
			03:01 unlist a
			03:06 unlist a                 | resolved
			03:06:30 fire a P1 start=02:59 | reopened, tier, pages ana`},
		{"what had moved away and comes back is no late duplicate", `
			03:00 fire a P1 start=02:59    | opened, pages ana
			03:01 end a moved=inc9         | done, resolved, says belongs to incident inc9 now
			03:01:30 fire a P1 start=02:59 | reopened, tier, pages ana`},
		{"a firing without a start is no late duplicate", `
			03:00 fire a P1          | opened, pages ana
			03:02 end a              | resolved
			03:02:10 fire a P1       | reopened, pages ana`},
		{"a late end of an earlier firing changes nothing", `
			03:00 fire a P1 start=03:00    | opened, pages ana
			03:01 end a ends=02:58         | recorded, tier, says late end
			03:02 end a ends=03:02         | resolved`},
		{"silence ends what never says resolved", `
			03:00 fire a P1          | opened, pages ana
			03:01 ana snoozes 48h    | snoozed, due +1 03:00
			20:00 fire a P1          | repeated, due +1 20:00
			+1 03:00 timer           | recorded, snoozed
			+1 20:00 timer           | done, resolved, says silent for 24h`},
		{"silence while Tocsin was away proves nothing", `
			03:00 fire a P1          | opened, pages ana
			03:01 ana snoozes 48h    | snoozed, due +1 03:00
			+1 03:02 timer           | done, snoozed, says counts from now
			+1 20:00 fire a P1       | repeated, snoozed`},
		{"a firing soon after the end re-opens", `
			03:00 fire a P1          | opened, pages ana, run 1
			03:01 end a              | resolved
			03:10:59 fire b P1       | reopened, tier, pages ana, counts 1/1/0, run 2`},
		{"a later firing opens a new incident", `
			03:00 fire a P1          | opened, pages ana
			03:01 end a              | resolved
			03:11 fire a P1          | opened, tier, pages ana, incident 2, counts 1/0/0`},
		{"re-opened, it stays acknowledged, without a page", `
			03:00 fire a P1          | opened, pages ana
			03:01 ana acks           | acknowledged, expires 04:01
			03:02 end a              | resolved
			03:05 fire a P1          | reopened, acknowledged, expires 04:01, says stays acknowledged by ana`},
		{"an acknowledgement that has run out meanwhile starts anew", `
			03:00 fire a P1          | opened, pages ana
			03:01 ana snoozes 5m     | snoozed
			03:02 end a              | resolved
			03:09 fire a P1          | reopened, snoozed, expires 04:09`},
		{"re-opened by something more urgent, it pages", `
			03:00 fire a P1          | opened, pages ana
			03:01 ana acks           | acknowledged
			03:02 end a              | resolved
			03:05 fire a P0          | reopened, tier, severity P0, pages ana`},
		{"after a person's resolve the same start stays quiet for a while, then pages", `
			03:00 fire a P1 start=02:50 | opened, pages ana
			03:01 ana closes            | done, resolved, cancels ana, says resolved by ana over sms
			03:05 fire a P1 start=02:50 | recorded, resolved, says still fires after ana resolved it
			03:11 fire a P1 start=02:50 | opened, tier, pages ana, incident 2`},
		{"after a person's resolve an alert without starts stays quiet until an end was heard of", `
			03:00 fire a P1 | opened, pages ana
			03:01 ana closes | done, resolved
			03:02 fire a P1 | recorded, resolved, says still fires after ana resolved it
			03:03 end a     | recorded, resolved
			03:04 fire a P1 | reopened, tier, pages ana`},
		{"after a person's resolve a new start pages at once", `
			03:00 fire a P1 start=02:50 | opened, pages ana
			03:01 ana acks
			03:01 ana closes            | done, resolved
			03:05 fire a P1 start=03:04 | reopened, tier, pages ana`},
		{"an end while it is resolved is remembered", `
			03:00 fire a P1 start=02:50 | opened, pages ana
			03:00 fire b P1 start=02:50 | done
			03:01 ana closes            | resolved, counts 2/0/0
			03:02 end b                 | recorded, resolved, counts 1/1/0
			03:03 fire a P1 start=03:03 | reopened, tier, pages ana, counts 1/1/0
			03:04 end a                 | resolved, counts 0/2/0`},
		{"a rise takes the acknowledgement back and starts a new run", `
			03:00 fire a P1          | opened, pages ana, severity P1
			03:01 ana acks           | acknowledged
			03:02 fire b P0          | done, tier, at primary, severity P0, pages ana, run 2, says withdrawn`},
		{"a rise never moves the deadline away", `
			03:00 fire a P1          | opened, pages ana, until 03:05
			03:03 fire a P0          | done, tier, at primary, severity P0, pages ana, until 03:05, cancels ana
			03:05 timer              | at secondary, pages ben, until 03:10`},
		{"a fall never un-pages", `
			03:00 fire a P0          | opened, pages ana, severity P0
			03:01 fire a P2          | done, tier, severity P0, until 03:05
			03:02 fire b P2          | done, severity P0, until 03:05`},
		{"the same severity while acknowledged does not page", `
			03:00 fire a P1          | opened, pages ana
			03:01 ana acks           | acknowledged
			03:02 fire b P1          | done, acknowledged
			03:03 fire c P2          | done, acknowledged`},
	})
}

// TestStoriesOfQuiet ensures that what is held, muted or suppressed pages nobody, is judged
// again, and that nothing is silenced by another alert (DESIGN §4.4).
func TestStoriesOfQuiet(t *testing.T) {
	tellAll(t, []story{
		{"held, then paged if it still fires", `
			03:00 fire a P1 hold=yes | opened, held, due 03:10
			03:05 fire a P1 hold=yes | repeated, unchanged
			03:10 timer              | done, tier, pages ana`},
		{"held, and gone before", `
			03:00 fire a P1 hold=yes | opened, held
			03:09 end a              | done, resolved`},
		{"a hold counts from the opening", `
			03:00 fire a P1 hold=yes | opened, held
			03:06 fire b P1 hold=yes | done, held, due 03:10`},
		{"what is not held ends the hold", `
			03:00 fire a P1 hold=yes | opened, held
			03:01 fire b P1          | done, tier, pages ana, says no longer holds`},
		{"muted until the interval ends", `
			03:30 fire a P1 mute=yes | opened, muted, due 04:00
			04:00 timer              | done, tier, pages ana`},
		{"suppressed pages nobody, ever", `
			03:00 fire a P0 suppress=yes | opened, suppressed, due +1 03:00
			03:05 fire a P0 suppress=yes | repeated
			03:06 timer                  | recorded, suppressed`},
		{"a suppressed alert does not silence what is held", `
			03:00 fire a P1 hold=yes     | opened, held, due 03:10
			03:01 fire b P0 suppress=yes | done, held, due 03:10
			03:10 timer                  | tier, pages ana`},
		{"a muted alert does not lengthen a hold", `
			03:00 fire a P1 hold=yes | opened, held, due 03:10
			03:01 fire b P0 mute=yes | done, held, severity P0, due 03:10
			03:10 timer              | tier, pages ana`},
		{"a held alert is not lost among suppressed ones", `
			03:00 fire a P1 suppress=yes | opened, suppressed
			03:01 fire b P1 hold=yes     | done, held, due 03:10
			03:10 timer                  | tier, pages ana`},
		{"the shorter hold counts", `
			03:00 fire a P1 hold=long | opened, held, due 04:00
			03:01 fire b P1 hold=yes  | done, held, due 03:10`},
		{"a suppressed alert neither raises nor withdraws", `
			03:00 fire a P1              | opened, pages ana
			03:01 ana acks               | acknowledged
			03:02 fire b P0 suppress=yes | done, acknowledged, severity P1`},
		{"a rise that is not quiet pages", `
			03:00 fire a P1 hold=yes | opened, held
			03:01 fire b P0          | done, tier, severity P0, pages ana`},
		{"a new book judges again", `
			03:00 fire a P1 suppress=yes | opened, suppressed
			03:05 book base              | done, unchanged, suppressed
			03:06 book unquiet           | done, tier, pages ana, says no longer suppressed`},
		{"a new book shows what it would hold", `
			03:30 fire a P1 mute=yes | opened, muted
			03:40 book unquiet       | done, tier, pages ana
			03:41 book base          | done, unchanged, tier`},
		{"a new book that holds for longer or drops is shown", `
			03:00 fire a P1 hold=yes     | opened, held, due 03:10
			03:05 book stricter          | done, held, due 03:20, says held for 20m
			03:20 timer                  | tier, pages ana`},
		{"a new book that drops what was suppressed", `
			03:00 fire a P1 suppress=yes | opened, suppressed
			03:05 book stricter          | done, suppressed, says dropped by rule
			03:06 book stricter          | done, unchanged`},
		{"a renamed policy does not wake people for what is suppressed", `
			03:00 fire a P1 suppress=yes | opened, suppressed
			03:05 book policy gone       | done, suppressed`},
		{"what was acknowledged while quiet is quiet again", `
			03:30 fire a P1 mute=yes | opened, muted
			03:31 ana acks           | done, acknowledged
			03:32 ben undoes         | done, muted
			03:33 ana acks           | done, acknowledged
			03:34 ana snoozes 10m    | snoozed, expires 03:44
			03:44 timer              | done, muted, says has run out
			04:00 timer              | tier, pages ana`},
		{"an alert of an unknown severity and policy is paged by the root", `
			03:00 fire a whatever policy=unheard | opened, tier, severity P2, pages ana`},
	})
}
