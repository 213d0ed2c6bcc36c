package configs

import (
	"slices"
	"strings"

	"tocsin/paging"
	"tocsin/routing"
	"tocsin/schedules"
)

// nobody is a participant that stands for a deliberate gap in a rotation.
const nobody = "none"

// plannedContacts are kinds of contacts that people may expect; what is in
// [Registry.Contacts] works.
var plannedContacts = [...]string{paging.SMS, "voice", "email", "push", "webpush", "slack", "teams", "telegram", "whatsapp", "matrix", "discord", "pager"}

// maxRules bounds the attempts that one page plans for one person.
const maxRules = 20

// users reads the people and returns the places of all numbers that are texted.
func (r *reader) users(into map[schedules.UserID]*paging.User) (phones []node) {
	owner := map[string]string{}
	for _, item := range r.items["users"] {
		f, ok := r.mapping(item, "name", "full_name", "email", "time_zone", "away", "contacts", "rules")
		if !ok {
			continue
		}
		name := f.name()
		if name == nobody {
			r.fail(f.m["name"], "a user cannot be called %q: in a rotation that word is a deliberate gap", name)
		}
		u := &paging.User{Name: schedules.UserID(name), FullName: f.text("full_name")}
		_, zone := f.zone("time_zone")
		if _, named := f.get("time_zone"); named {
			u.Location = zone
		}
		r.identify(f, u)
		for _, n := range f.list("contacts") {
			contact, address, ok := r.contact(n)
			if !ok {
				continue // told of already
			}
			if slices.ContainsFunc(u.Contacts, func(c paging.Contact) bool { return c.Name == contact.Name }) {
				r.fail(n, "contact %q is defined twice for this user", contact.Name)
			}
			u.Contacts = append(u.Contacts, contact)
			if contact.Channel == paging.SMS {
				phones = append(phones, address)
			}
			if other, shared := owner[contact.Address]; shared && other != name && contact.Address != "" {
				r.warn(address, "%s is also the phone of %s: replies from it cannot tell who it was", contact.Address, other)
			}
			owner[contact.Address] = name
		}
		if len(f.list("contacts")) == 0 {
			r.warn(item, "user %q has no contact and cannot be paged", name)
		}
		if n, ok := f.get("rules"); ok {
			u.Rules = r.rules(n, u)
		}
		if name != "" {
			into[u.Name] = u
			r.ownTimeOff(f, u.Name, zone)
		}
	}
	return phones
}

// contact reads { name: …, sms: … }: the kind of the contact is a key. address is the
// place of its value.
func (r *reader) contact(n node) (c paging.Contact, address node, ok bool) {
	kinds := sortedUnique(slices.Concat(plannedContacts[:], r.reg.Contacts))
	f, ok := r.mapping(n, append([]string{"name"}, kinds...)...)
	if !ok {
		return c, address, false
	}
	c.Name = f.name()
	for _, kind := range kinds {
		value, ok := f.get(kind)
		switch {
		case !ok:
			continue
		case c.Channel != "":
			r.fail(n, "a contact has one kind, %s or %s; make a contact of each", c.Channel, kind)
			continue
		}
		c.Channel, address = kind, value
		c.Address, ok = r.text(value)
		switch {
		case !slices.Contains(r.reg.Contacts, kind):
			r.fail(value, "a contact of kind %s is not built yet; use %s", kind, first(r.reg.Contacts))
		case ok && kind == paging.SMS:
			r.phone(value, c.Address)
		}
	}
	if c.Channel == "" && len(f.m) == len(n.y.Content)/2 {
		r.fail(n, "says not how to reach the person; add %s and the address", first(r.reg.Contacts))
	}
	return c, address, c.Name != "" && c.Channel != ""
}

func first(names []string) string {
	if len(names) == 0 {
		return "another"
	}
	return names[0]
}

// rules reads a person's ladders, one per urgency.
func (r *reader) rules(n node, u *paging.User) map[routing.Urgency][]paging.Rule {
	rules := map[routing.Urgency][]paging.Rule{}
	f, ok := r.mapping(n, urgencies()...)
	if !ok {
		return nil
	}
	for _, urgency := range urgencies() {
		items := f.list(urgency)
		if len(items) > maxRules {
			r.fail(f.m[urgency], "has more than %d steps; nobody reads that many texts", maxRules)
		}
		for _, item := range items {
			if rule, ok := r.rule(item, u); ok {
				rules[routing.Urgency(urgency)] = append(rules[routing.Urgency(urgency)], rule)
			}
		}
		used := slices.ContainsFunc(r.scale.Levels, func(l routing.Level) bool { return string(l.Urgency) == urgency })
		if len(items) == 0 && used {
			r.warn(n, "has no rule for urgency %s; the first contact is used at once", urgency)
		}
	}
	return rules
}

func (r *reader) rule(item node, u *paging.User) (paging.Rule, bool) {
	f, ok := r.mapping(item, "contact", "after")
	if !ok {
		return paging.Rule{}, false
	}
	rule := paging.Rule{}
	n, ok := f.need("contact")
	if !ok {
		return rule, false
	}
	if rule.Contact, ok = r.text(n); !ok {
		return rule, false
	}
	if _, known := u.Contact(rule.Contact); !known {
		names := make([]string, len(u.Contacts))
		for i, c := range u.Contacts {
			names[i] = c.Name
		}
		r.fail(n, "%s has no contact %q%s", u.Name, rule.Contact, suggestion(rule.Contact, names))
		return rule, false
	}
	if n, ok := f.get("after"); ok {
		rule.After, _ = r.durationOrZero(n)
	}
	return rule, true
}

// user reads a person: NAME, or user:NAME as in targets.
func (r *reader) user(n node) (schedules.UserID, bool) {
	s, ok := r.text(n)
	if !ok {
		return "", false
	}
	name := strings.TrimPrefix(s, "user:")
	_, defined := r.names["users"][name]
	switch {
	case defined:
		return schedules.UserID(name), true
	case strings.EqualFold(name, nobody):
		r.fail(n, "%q is no user; a deliberate gap is written none, in lower case, and stands alone among the participants of a rotation, not in a group", s)
	case strings.HasPrefix(s, "team:"):
		r.fail(n, "%q is a team, where one person is meant; write NAME or user:NAME", s)
	default:
		return schedules.UserID(name), r.known(n, "users", name)
	}
	return "", false
}

// group reads people, each of whom may stand there once.
func (r *reader) group(items []node, what string) (users []schedules.UserID) {
	for _, n := range items {
		u, ok := r.user(n)
		switch {
		case !ok:
		case slices.Contains(users, u):
			r.fail(n, "%s %q is listed twice; once is enough", what, u)
		default:
			users = append(users, u)
		}
	}
	return users
}

// owner reads who hears of weaknesses.
func (f fields) owner() schedules.UserID {
	if n, ok := f.get("owner"); ok {
		if name, ok := f.r.user(n); ok {
			return name
		}
	}
	return ""
}

func (r *reader) teams(into map[string][]schedules.UserID) {
	for _, item := range r.items["teams"] {
		f, ok := r.mapping(item, "name", "members")
		if !ok {
			continue
		}
		name := f.name()
		members := r.group(f.needList("members", "name who is in the team"), "member")
		if name != "" {
			into[name] = members
		}
	}
}
