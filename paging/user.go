package paging

import (
	"time"

	"tocsin/routing"
	"tocsin/schedules"
)

// SMS is the kind of a contact that is reached by text message.
const SMS = "sms"

// Contact is one way to reach a person.
type Contact struct {
	Name    string `json:"name"`    // "mobile"
	Channel string `json:"channel"` // "sms"
	Address string `json:"address"` // E.164 for SMS
}

// Rule is one step of a person's ladder: use this contact so long after the page.
type Rule struct {
	Contact string
	After   time.Duration
}

// User is a person who can be paged.
type User struct {
	Name     schedules.UserID
	FullName string
	Location *time.Location // for the clock in texts; nil when none is named: UTC
	Contacts []Contact
	Rules    map[routing.Urgency][]Rule
}

// Contact returns the contact of that name.
func (u *User) Contact(name string) (Contact, bool) {
	for _, c := range u.Contacts {
		if c.Name == name {
			return c, true
		}
	}
	return Contact{}, false
}

// Step is one planned use of a contact.
type Step struct {
	Contact Contact
	After   time.Duration
}

// Ladder is the order in which u is tried for that urgency. Without a rule for it any
// usable contact is used, the first one, at once. Empty only when u has no contact at all.
func (u *User) Ladder(urgency routing.Urgency) []Step {
	var steps []Step
	for _, r := range u.Rules[urgency] {
		if c, ok := u.Contact(r.Contact); ok {
			steps = append(steps, Step{Contact: c, After: r.After})
		}
	}
	if len(steps) == 0 && len(u.Contacts) > 0 {
		steps = append(steps, Step{Contact: u.Contacts[0]})
	}
	return steps
}
