package paging

import (
	"strconv"
	"strings"
	"time"
)

// KeptText answers a reply that can only be applied later.
func KeptText(r Reply) string {
	what := "Your reply"
	if len(r.Codes) > 0 {
		what = r.String()
	}
	return "Kept: " + what + ". Our store is away; it counts as soon as that is back. Until then others may still be paged."
}

// String is the reply as a person may type it.
func (r Reply) String() string {
	suffix := map[ReplyAction]string{ReplyResolve: "r", ReplyEscalate: "e", ReplySnooze: "s", ReplyUndo: "u"}[r.Action]
	text := strings.TrimSpace(suffix + " " + strings.Join(r.Codes, " "))
	if len(r.Codes) == 1 {
		text = r.Codes[0] + suffix
	}
	if r.Action == ReplySnooze && r.For > 0 {
		text += " " + strconv.Itoa(int(r.For/time.Minute))
	}
	return text
}
