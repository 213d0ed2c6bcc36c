package ical

import (
	"slices"
	"strings"
	"unicode"

	"tocsin/schedules"
)

const (
	maxTitle    = 500 // bytes of a title that are searched for people
	longestName = 4   // words
)

// attendee is who an event was sent to.
type attendee struct {
	mail, name string
	declined   bool
	copied     bool // told, not taking part
}

func attendeeOf(p property) attendee {
	mail := strings.TrimSpace(p.value)
	if len(mail) > len("mailto:") && strings.EqualFold(mail[:len("mailto:")], "mailto:") {
		mail = mail[len("mailto:"):]
	}
	return attendee{
		mail:     mail,
		name:     strings.TrimSpace(p.params["CN"]),
		declined: strings.EqualFold(p.params["PARTSTAT"], "DECLINED"),
		copied:   strings.EqualFold(p.params["ROLE"], "NON-PARTICIPANT"),
	}
}

// lookup finds a person by an e-mail address, a name or an id.
type lookup func(text string) (schedules.UserID, bool)

// people are those on duty by an event, each once: its attendees, else those whom its title
// names. Who declined is not on duty, whatever the title says. The organizer is whoever
// keeps the calendar, and not on duty by that.
func (e *event) people(find lookup) []schedules.UserID {
	var on, declined []schedules.UserID
	for _, a := range e.attendees {
		user, ok := find(a.mail)
		if !ok && a.name != "" {
			user, ok = find(a.name)
		}
		switch {
		case !ok || a.copied:
		case a.declined:
			declined = append(declined, user)
		case !slices.Contains(on, user):
			on = append(on, user)
		}
	}
	if len(on) > 0 {
		return on
	}
	return slices.DeleteFunc(named(e.title, find), func(u schedules.UserID) bool { return slices.Contains(declined, u) })
}

// named are the people in a title such as "Ana Example on call" or "oncall: ana, ben": in
// each part between separators, the longest runs of words that mean somebody.
func named(title string, find lookup) []schedules.UserID {
	if len(title) > maxTitle {
		title = strings.ToValidUTF8(title[:maxTitle], "")
	}
	var out []schedules.UserID
	for _, words := range parts(title) {
		for i := 0; i < len(words); {
			n, user := longest(words[i:], find)
			if n > 0 && !slices.Contains(out, user) {
				out = append(out, user)
			}
			i += max(1, n)
		}
	}
	return out
}

// longest is how many of the first words mean somebody, and whom; 0 if nobody.
func longest(words []string, find lookup) (int, schedules.UserID) {
	for n := min(longestName, len(words)); n > 0; n-- {
		text := strings.Join(words[:n], " ")
		if user, ok := find(text); ok {
			return n, user
		}
		bare := strings.TrimRight(text, ".!?*'’")
		for _, genitive := range [...]string{"'s", "’s"} {
			bare = strings.TrimSuffix(bare, genitive)
		}
		if bare == text || bare == "" {
			continue
		}
		if user, ok := find(bare); ok {
			return n, user
		}
	}
	return 0, ""
}

// parts cuts a title at what separates people, and each part into words. A lone dash or plus
// separates; within a word they belong to it: on-call, ana+duty@example.org.
func parts(title string) [][]string {
	title = strings.Map(func(r rune) rune {
		if strings.ContainsRune(",;:|/\\&()[]<>{}\"“”„«»•·→", r) {
			return '\n'
		}
		return r
	}, title)
	var out [][]string
	for part := range strings.SplitSeq(title, "\n") {
		var words []string
		for _, word := range strings.FieldsFunc(part, unicode.IsSpace) {
			if strings.Trim(word, "-+–—=") == "" {
				out, words = append(out, words), nil
				continue
			}
			words = append(words, word)
		}
		out = append(out, words)
	}
	return out
}
