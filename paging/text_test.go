package paging

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"tocsin/routing"
	"tocsin/schedules"
)

// night is the night of the design's examples: 03:02 in Berlin.
func night(minute int) time.Time {
	return time.Date(2026, 1, 14, 2, minute, 0, 0, time.UTC)
}

func checkout() Attempt {
	return Attempt{
		Kind: Page, Severity: "P0", Title: "Checkout errors 7%", Where: "payments, eu-1", Zone: "Europe/Berlin",
		Else: "ben", ElseAt: night(9), Due: night(2),
	}
}

func with(change func(a *Attempt)) Attempt {
	a := checkout()
	change(&a)
	return a
}

// TestTexts fixes every text, word for word.
func TestTexts(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	assert.NoError(t, err)
	texts := Texts{Zone: berlin, Now: night(4)}
	ben := with(func(a *Attempt) { a.Kind, a.What, a.By, a.WhatAt = Notice, "acked", "ben", night(2) })
	learn := func(more int) Attempt {
		return with(func(a *Attempt) { a.Kind, a.What, a.By, a.WhatAt = Notice, PagedFor(more), "ana", night(2) })
	}
	two := []Line{
		{Code: "12", Title: "Checkout errors 7%", Severity: "P0", By: "ben", At: night(2)},
		{Code: "14", Title: "Disk full db1", Severity: "P1", Next: "dana", NextAt: night(19)},
	}
	long := strings.Repeat("Checkout is failing for everybody ", 10)
	flood := []string{
		"Disk full db1", "CPU high", "Certificate of shop.example.org expires in five days and nobody renewed it",
		"Replication lag of the read replicas is above ten minutes", "d", "e", "f",
	}
	for _, c := range []struct{ name, want, got string }{
		{"page", "P0 Checkout errors 7% (payments, eu-1). Reply 12 = ack, 12e = pass on. Else ben 03:09", PageText(checkout(), "12", night(2))},
		{"page, nobody next", "P0 Checkout errors 7% (payments, eu-1). Reply 12 = ack, 12e = pass on", PageText(with(func(a *Attempt) { a.Else = "" }), "12", night(2))},
		{"page, its next has begun", "P0 Checkout errors 7% (payments, eu-1). Reply 12 = ack, 12e = pass on", PageText(checkout(), "12", night(9))},
		{"page without a place", "P0 Checkout errors 7%. Reply 12 = ack, 12e = pass on. Else ben 03:09", PageText(with(func(a *Attempt) { a.Where = "" }), "12", night(2))},
		{"page, zone unknown", "P0 Checkout errors 7% (payments, eu-1). Reply 12 = ack, 12e = pass on. Else ben 02:09", PageText(with(func(a *Attempt) { a.Zone = "Mars/Base" }), "12", night(2))},
		{"page, tomorrow", "P3 Checkout errors 7%. Reply 12 = ack, 12e = pass on. Else ben Thu 03:09", PageText(with(func(a *Attempt) {
			a.Severity, a.Where, a.ElseAt = "P3", "", night(9).Add(24*time.Hour)
		}), "12", night(2))},
		{"test page", "TEST P0 Checkout errors 7%. Reply 12 = ack, 12e = pass on", PageText(with(func(a *Attempt) { a.Test, a.Where, a.Else = true, "", "" }), "12", night(2))},
		{
			"long title", "P0 Checkout is failing for everybody Checkout is failing for everybody Checkout is failing fo... (payments, eu-1). Reply 12 = ack, 12e = pass on. Else ben 03:09",
			PageText(with(func(a *Attempt) { a.Title = long }), "12", night(2)),
		},
		{
			"long place", "P0 Checkout errors 7% (" + strings.Repeat("x", 47) + "...). Reply 12 = ack, 12e = pass on. Else ben 03:09",
			PageText(with(func(a *Attempt) { a.Where = strings.Repeat("x", 99) }), "12", night(2)),
		},
		{"odd characters", `P0 Checkout "fails" ? - 7%. Reply 12 = ack, 12e = pass on`, PageText(with(func(a *Attempt) {
			a.Title, a.Where, a.Else = " Checkout\n“fails”\t🔥 —  7% ", "", ""
		}), "12", night(2))},
		{"plain", "P0 page 12. Reply 12 = ack. See list", PlainText(checkout(), "12")},
		{"memo", "Tocsin: platform has nobody on call. See tocsin check.", MemoText(with(func(a *Attempt) { a.Title = "platform has nobody on call. See tocsin check." }))},
		{"notice", "ben acked 12 Checkout errors 7% at 03:02. Nothing to do.", NoticeText(ben, "12")},
		{"notice, by itself", "12 Checkout errors 7% resolved at 03:02. Nothing to do.", NoticeText(with(func(a *Attempt) { a.What, a.WhatAt = "resolved", night(2) }), "12")},
		{"notice to a shadow", "ana is paged for 12 Checkout errors 7% at 03:02. You shadow: nothing to do.", NoticeText(learn(0), "12")},
		{"notice to a shadow, of several people", "ana and 2 more are paged for 12 Checkout errors 7% at 03:02. You shadow: nothing to do.", NoticeText(learn(2), "12")},
		{"notices to a shadow", "ana is paged for 2 incidents: Checkout errors 7%; Checkout errors 7% at 03:02. You shadow: nothing to do.", NoticesText([]Attempt{learn(0), learn(0)})},
		{"notices", "ben acked 3 incidents: Checkout errors 7%; Checkout errors 7%; Checkout errors 7% at 03:02. Nothing to do.", NoticesText([]Attempt{ben, ben, ben})},
		{
			"flood", "7 more incidents: Disk full db1; CPU high; +5. Reply 31 = ack all 7. list shows them",
			RollingText(7, []string{"Disk full db1", "CPU high"}, "31"),
		},
		{
			"flood, as many as fit", "7 more incidents: Disk full db1; CPU high; Certificate of shop.example.org expires in five days and...; +4. Reply 31 = ack all 7. list shows them",
			RollingText(7, flood, "31"),
		},
		{"acked", "Acked 12 Checkout errors 7% 03:04. Pages again 03:34. 12r resolve, 12u undo", texts.Acked("12", "Checkout errors 7%", night(4), night(34))},
		{"acked till tomorrow", "Acked 12 Checkout errors 7% 03:04. Pages again Thu 03:04. 12r resolve, 12u undo", texts.Acked("12", "Checkout errors 7%", night(4), night(4).Add(24*time.Hour))},
		{"acked several", "Acked 2: 12 Checkout errors 7%, 14 Disk full db1 03:04.", texts.AckedSeveral(two, night(4))},
		{"resolved several", "Resolved 2: 12 Checkout errors 7%, 14 Disk full db1 03:04.", texts.ResolvedSeveral(two, night(4))},
		{"already acked", "ben acked 12 Checkout errors 7% at 03:02. Nothing to do.", texts.AlreadyAcked("12", "Checkout errors 7%", "ben", night(2))},
		{"already resolved", "12 Checkout errors 7% was resolved by ben at 03:02. Nothing to do.", texts.AlreadyResolved("12", "Checkout errors 7%", "ben", night(2))},
		{"still firing", "Acked 12 Checkout errors 7%. Still firing. 12r again closes it.", texts.StillFiring("12", "Checkout errors 7%")},
		{"resolved", "Resolved 12 Checkout errors 7% 03:10.", texts.Resolved("12", "Checkout errors 7%", night(10))},
		{"passed on", "Passed on 12 Checkout errors 7% 03:04. Now ben.", texts.PassedOn("12", "Checkout errors 7%", night(4), "ben")},
		{"snoozed", "Snoozed 12 Checkout errors 7% until 03:34.", texts.Snoozed("12", "Checkout errors 7%", night(34))},
		{"undone", "Undone 12 Checkout errors 7%. Pages you again.", texts.Undone("12", "Checkout errors 7%")},
		{"not acked", "Nobody has acked 12 Checkout errors 7%. Reply 12 = ack", texts.NotAcked("12", "Checkout errors 7%")},
		{"no open page", "No open page 13. Open: 12 Checkout errors. Reply 12 = ack", texts.NoOpenPage("13", []Line{{Code: "12", Title: "Checkout errors"}})},
		{"nothing open", "No open page 13. Nothing is open.", texts.NoOpenPage("13", nil)},
		{"list", "Open: 12 P0 Checkout errors 7% (ben); 14 P1 Disk full db1. Reply 12 = ack", texts.List(two)},
		{"empty list", "Nothing is open.", texts.List(nil)},
		{"who", "12 Checkout errors 7%: ben since 03:02; 14 Disk full db1: nobody yet, next dana 03:19.", texts.Who(two)},
		{"help", "Not understood. Reply 12 = ack, 12r resolve, 12e pass on, list", texts.Help()},
	} {
		assert.Equal(t, c.want, c.got, c.name)
		assert.Equal(t, 1, Segments(c.got), "%s: more than one segment", c.name)
	}
}

// TestTextsAlwaysFit ensures, for any input, one GSM-7 segment that still carries the code and
// how to answer.
func TestTextsAlwaysFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		str := func(name string) string {
			return strings.Repeat(rapid.StringN(0, 30, -1).Draw(t, name), rapid.IntRange(1, 9).Draw(t, name+"×"))
		}
		code := strconv.Itoa(rapid.IntRange(10, 999999).Draw(t, "code"))
		a := Attempt{
			Severity: routing.Severity(str("severity")), Title: str("title"), Where: str("where"), Else: str("else"), ElseAt: night(9),
			Test: rapid.Bool().Draw(t, "test"), What: rapid.SampledFrom([]string{"acked", PagedFor(0), PagedFor(999)}).Draw(t, "what"), By: str("by"), WhatAt: night(2), User: schedules.UserID("ana"),
		}
		titles := rapid.SliceOfN(rapid.Just(a.Title), 1, 40).Draw(t, "titles")
		lines := make([]Line, len(titles))
		for i := range lines {
			lines[i] = Line{Code: code, Title: titles[i], Severity: string(a.Severity), By: a.By, Next: a.Else, NextAt: a.ElseAt}
		}
		texts := Texts{Now: night(2)}
		check := func(text, must string) {
			n, ok := GSMSeptets(text)
			assert.True(t, ok && n <= GSMSingle, "%d septets: %q", n, text)
			assert.Contains(t, text, must)
			assert.NotContains(t, text, "\n")
		}
		assert.LessOrEqual(t, Segments(MemoText(a)), 2)
		check(PageText(a, code, night(2)), "Reply "+code+" = ack, "+code+"e = pass on")
		check(PlainText(a, code), "Reply "+code+" = ack")
		check(NoticeText(a, code), code)
		check(NoticesText([]Attempt{a, a}), "2 incidents")
		check(RollingText(500, titles, code), "Reply "+code+" = ack all 500")
		check(texts.Acked(code, a.Title, night(2), night(9)), code+"r resolve, "+code+"u undo")
		check(texts.AckedSeveral(lines, night(2)), code)
		check(texts.AlreadyAcked(code, a.Title, a.By, night(2)), code)
		check(texts.PassedOn(code, a.Title, night(2), a.Else), code)
		check(texts.StillFiring(code, a.Title), code+"r again closes it.")
		check(texts.NoOpenPage(code, lines), "No open page "+code)
		check(texts.List(lines), "Reply "+code+" = ack")
		check(texts.Who(lines), code)
	})
}
