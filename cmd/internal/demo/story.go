package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/standin"
	"tocsin/escalation"
	"tocsin/paging"
	"tocsin/paging/twilio/telephone"
)

// lateness is how much later than its deadline a tier may be paged.
const lateness = time.Second

// player is the automatic story: it acts as the senders and the people, and checks as it goes.
type player struct {
	*Stage
	checker
	senders Senders
	primary *paging.User
	second  *paging.User
	last    *paging.User
	within  time.Duration // of a tier at P0
	slower  time.Duration // of a tier at P1
}

func (s *Stage) newPlayer() *player {
	book, now := s.Config.Book(), time.Now()
	first := func(policy string, tier int) *paging.User {
		people, _ := book.People(book.Policies[policy].Tiers[tier].Page, now)
		return people[0]
	}
	within := book.Policies["platform"].Tiers[0].AcknowledgeWithin
	return &player{
		Stage:   s,
		checker: checker{phone: s.World.Phone, url: s.URL, token: s.World.Env[standin.EnvAPIToken], out: s.out},
		senders: Senders{World: s.World, URL: s.URL, Start: now},
		primary: first("platform", 0), second: first("platform", 1), last: first("platform", 2),
		within: within.For("P0"), slower: within.For("P1"),
	}
}

func address(u *paging.User) string { return u.Contacts[0].Address }

// tell plays the story and checks it.
func (s *Stage) tell(ctx context.Context) error {
	p := s.newPlayer()
	stop := s.printTexts(ctx)
	p.checkout(ctx)
	p.sentry(ctx)
	p.scan(ctx)
	p.afterwards(ctx)
	stop()
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(p.unmet) > 0 {
		s.say("\nThe story did NOT come true. Not met: %s", strings.Join(p.unmet, "; "))
		return fmt.Errorf("%w: not met: %s", ErrStory, strings.Join(p.unmet, "; "))
	}
	s.say("\nThe story came true.")
	return nil
}

// checkout: nobody answers the first page, so the second tier is paged, who acknowledges.
func (p *player) checkout(ctx context.Context) {
	p.say("Alertmanager: %q fires (critical, team payments).", CheckoutTitle)
	began := time.Now()
	if err := p.senders.Send(ctx, Alertmanager); err != nil {
		p.expect("the alert is taken", false, err.Error())
		return
	}
	_, ok := p.shown(ctx, address(p.primary), began, patience, CheckoutTitle, "P0")
	p.expect("the page shows on the phone of "+string(p.primary.Name), ok, "")
	opened, err := p.incident(ctx, CheckoutTitle)
	if err != nil {
		p.expect("the API shows the incident", false, err.Error())
		return
	}
	p.say("%s sleeps; %s is paged after %s.", p.primary.Name, p.second.Name, p.within)
	next, ok := p.shown(ctx, address(p.second), began, p.within+patience, CheckoutTitle, "P0")
	p.expect("the page escalates to the phone of "+string(p.second.Name), ok, "")
	if !ok {
		return
	}
	took := next.At.Sub(opened.OpenedAt)
	p.expect("the second tier is paged at its deadline, never early, at most 1 s late",
		took >= p.within && took <= p.within+lateness, fmt.Sprintf("after %.2f s", took.Seconds()))
	p.answer(ctx, p.second, next, "%s", "Acked")
	i, ok := p.becomes(ctx, CheckoutTitle, func(i api.Incident) bool { return i.State == escalation.Acknowledged })
	p.expect("the reply acknowledges the incident", ok && i.Ack.By.User == p.second.Name, string(i.State))
}

// sentry: the first tier acknowledges at once.
func (p *player) sentry(ctx context.Context) {
	p.say("Sentry: %q.", SentryTitle)
	began := time.Now()
	if err := p.senders.Send(ctx, Sentry); err != nil {
		p.expect("Sentry's issue is taken", false, err.Error())
		return
	}
	text, ok := p.shown(ctx, address(p.primary), began, patience, SentryTitle, "P1")
	p.expect("Sentry's issue pages "+string(p.primary.Name), ok, "")
	if ok {
		p.answer(ctx, p.primary, text, "%s", "Acked")
		_, ok = p.becomes(ctx, SentryTitle, func(i api.Incident) bool { return i.State == escalation.Acknowledged })
		p.expect("the reply acknowledges Sentry's issue", ok, "")
	}
}

// scan: a finding is passed on, and closed by asking twice.
func (p *player) scan(ctx context.Context) {
	p.say("Scanner: %q.", ScanTitle)
	began := time.Now()
	if err := p.senders.Send(ctx, Scanner); err != nil {
		p.expect("the scanner's finding is taken", false, err.Error())
		return
	}
	text, ok := p.shown(ctx, address(p.second), began, patience, ScanTitle)
	p.expect("the finding pages "+string(p.second.Name), ok, "")
	if !ok {
		return
	}
	p.answer(ctx, p.second, text, "%se", "Passed on")
	text, ok = p.shown(ctx, address(p.last), began, patience, ScanTitle)
	p.expect("passed on, it pages "+string(p.last.Name), ok, "")
	if !ok {
		return
	}
	p.answer(ctx, p.last, text, "%sr", "Still firing")
	p.answer(ctx, p.last, text, "%sr", "Resolved")
	_, ok = p.becomes(ctx, ScanTitle, func(i api.Incident) bool { return i.State == escalation.Resolved })
	p.expect("asked twice, the finding is closed", ok, "")
}

// answer replies to a text with its own code and expects a confirmation.
func (p *player) answer(ctx context.Context, who *paging.User, text telephone.Text, format, confirmation string) {
	body := fmt.Sprintf(format, codeIn(text))
	began := time.Now()
	in, err := p.World.Phone.Reply(ctx, address(who), standin.Number, body)
	if err != nil {
		p.expect("the reply "+body+" of "+string(who.Name)+" is answered", false, err.Error())
		return
	}
	_ = in
	_, ok := p.shown(ctx, address(who), began, patience, confirmation)
	p.expect("the reply "+body+" of "+string(who.Name)+" is answered: "+confirmation, ok, "")
}

// afterwards: when all deadlines have passed, nobody was paged after an acknowledgement, and
// the all-clear closes what Alertmanager opened.
func (p *player) afterwards(ctx context.Context) {
	p.say("Every deadline passes …")
	wait := time.NewTimer(max(p.within, p.slower) + lateness)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
		return
	}
	for _, title := range []string{CheckoutTitle, SentryTitle} {
		i, err := p.incident(ctx, title)
		if err != nil || i.Ack == nil {
			p.expect("nobody is paged after the acknowledgement of "+title, false, "it was never acknowledged")
			continue
		}
		late := p.pagesAfter(title, i.Ack.At)
		detail := ""
		if len(late) > 0 {
			detail = late[0].To + " got " + late[0].Body
		}
		p.expect("nobody is paged after the acknowledgement of "+title, len(late) == 0, detail)
	}
	p.expect("every text reaches the phone that it is for", len(p.strays()) == 0, "")
	p.say("Alertmanager: resolved.")
	err := p.senders.Send(ctx, AllClear)
	_, ok := p.becomes(ctx, CheckoutTitle, func(i api.Incident) bool { return i.State == escalation.Resolved })
	p.expect("the all-clear closes the incident", err == nil && ok, "")
}
