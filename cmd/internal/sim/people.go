package sim

import (
	"context"
	"fmt"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/engine"
)

// again is how often a person or a script tries once more after trouble.
const again = 5

// reply lets a person answer a text, if there is one with a code. After trouble the person is
// told so and sends it again.
func (w *world) reply(e *Event) {
	phone := phones()[e.Who]
	body := e.Word
	if e.Word != "all" && e.Word != "ok" {
		code := w.codeOn(phone.number, e.Back)
		if code == "" {
			return
		}
		body = code + e.Word
	}
	for try := range again {
		in := engine.Text{ID: fmt.Sprintf("%d-%d", e.At, try), From: phone.number, Body: body}
		if e.Twice {
			w.away.Go(func() {
				time.Sleep(w.nearby(e))
				w.text(e, e.Proc+1, in)
			})
		}
		if w.text(e, e.Proc+try, in) {
			return
		}
		time.Sleep(20*time.Second + w.jitter("reply again", in.ID))
	}
}

// text sends one text and says whether it was answered.
func (w *world) text(e *Event, first int, in engine.Text) bool {
	l := w.alive(first)
	if l == nil {
		return false
	}
	from := time.Now()
	w.lock(func() { w.h.Asked[in.ID] = in.Body })
	ctx, cancel := context.WithTimeout(context.Background(), senderTimeout)
	defer cancel()
	answer, err := l.engine.Reply(ctx, in)
	if err != nil || l.isDead() {
		return false
	}
	w.lock(func() {
		w.h.Replies = append(w.h.Replies, Replied{from, time.Now(), e.Who, in.Body, answer})
		w.note("%s answers %s's %q: %s", l.name, phones()[e.Who].user, in.Body, answer)
	})
	return true
}

// codeOn is the code in the latest text with one, or in one before it.
func (w *world) codeOn(number string, back int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := len(w.h.Inbox) - 1; i >= 0; i-- {
		if t := w.h.Inbox[i]; t.To == number && t.Code != "" {
			if back == 0 {
				return t.Code
			}
			back--
		}
	}
	return ""
}

// command uses the API, with one command id however often it has to be asked.
func (w *world) command(e *Event) {
	id := w.incident(e.Back)
	if id == "" {
		return
	}
	do := func(try int) bool {
		l := w.alive(e.Proc + try)
		if l == nil {
			return false
		}
		from := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), senderTimeout)
		defer cancel()
		out, err := l.engine.Do(ctx, id, commandOf(e))
		if err != nil || l.isDead() {
			return false
		}
		w.lock(func() {
			w.h.Commands = append(w.h.Commands, Commanded{from, time.Now(), id, e.Word, out.Kind})
			w.note("%s: %s: %s", l.name, e.Word, out.Kind)
		})
		return true
	}
	if e.Twice {
		w.away.Go(func() { time.Sleep(w.nearby(e)); do(1) })
	}
	for try := range again {
		if do(try) {
			return
		}
		time.Sleep(5*time.Second + w.jitter("command again"))
	}
}

func commandOf(e *Event) escalation.Command {
	id, by := fmt.Sprintf("api:%d", e.At), escalation.Actor{Name: "token ops", Via: "api"}
	switch e.Word {
	case "resolve":
		return escalation.Resolve{ID: id, By: by}
	case "close":
		return escalation.Resolve{ID: id, By: by, Force: true}
	case "escalate":
		return escalation.Escalate{ID: id, By: by}
	case "snooze":
		return escalation.Snooze{ID: id, By: by, For: 5 * time.Minute}
	case "undo":
		return escalation.Undo{ID: id, By: by}
	case "reassign":
		return escalation.Reassign{ID: id, By: by, Targets: to("cleo")}
	default:
		return escalation.Acknowledge{ID: id, By: by}
	}
}
