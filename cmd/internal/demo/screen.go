package demo

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"tocsin/cmd/internal/standin"
	"tocsin/paging/twilio/telephone"
)

// printTexts prints what the phones show as it comes; the returned function ends that.
func (s *Stage) printTexts(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	events := s.World.Phone.Subscribe(ctx)
	var printing sync.WaitGroup
	printing.Go(func() {
		shown := map[string]bool{}
		for e := range events {
			if line := s.lineFor(e, shown); line != "" {
				s.say("%s", line)
			}
		}
	})
	return func() { cancel(); printing.Wait() }
}

func (s *Stage) lineFor(e telephone.Event, shown map[string]bool) string {
	clock := e.At.Format("15:04:05")
	switch {
	case e.Text != nil && e.Text.Reached != "" && !shown[e.Text.SID]:
		shown[e.Text.SID] = true
		return fmt.Sprintf("%s  %-5s <- %s", clock, s.nameOf(e.Text.Reached), e.Text.Body)
	case e.Inbound != nil && !shown[e.Inbound.SID]:
		shown[e.Inbound.SID] = true
		return fmt.Sprintf("%s  %-5s -> %s", clock, s.nameOf(e.Inbound.From), e.Inbound.Body)
	default:
		return ""
	}
}

func (s *Stage) nameOf(phone string) string {
	for name, u := range s.Config.Book().Users {
		for _, c := range u.Contacts {
			if c.Address == phone {
				return string(name)
			}
		}
	}
	return phone
}

func (s *Stage) phoneOf(name string) (string, bool) {
	for id, u := range s.Config.Book().Users {
		if strings.EqualFold(string(id), name) && len(u.Contacts) > 0 {
			return u.Contacts[0].Address, true
		}
	}
	return "", false
}

// show lets the visitor play.
func (s *Stage) show(ctx context.Context, in io.Reader) error {
	p := s.newPlayer()
	s.say(`Tocsin runs on %s (open it: four phones, and buttons that send alerts).
Primary on call is %s, then %s, then %s; each has %s at P0.
Type a reply as "NAME TEXT", such as "%s 10". Ctrl-C ends.
`, s.URL, p.primary.Name, p.second.Name, p.last.Name, p.within, p.second.Name)
	stop := s.printTexts(ctx)
	defer stop()
	for _, sender := range []Sender{Alertmanager, Sentry, Scanner} {
		s.say("-- %s sends an alert", sender)
		if err := p.senders.Send(ctx, sender); err != nil {
			return err
		}
	}
	lines := readLines(in)
	for {
		select {
		case <-ctx.Done():
			return nil
		case line, ok := <-lines:
			if !ok {
				lines = nil // no terminal: the page is there
				continue
			}
			s.reply(ctx, line)
		case err := <-s.App.Failed():
			return err
		}
	}
}

func (s *Stage) reply(ctx context.Context, line string) {
	name, body, _ := strings.Cut(strings.TrimSpace(line), " ")
	if name == "" {
		return
	}
	phone, ok := s.phoneOf(name)
	if !ok || body == "" {
		s.say(`Type "NAME TEXT" with one of the names above, such as "ana 10".`)
		return
	}
	if _, err := s.World.Phone.Reply(ctx, phone, standin.Number, body); err != nil {
		s.say("the reply did not get through: %v", err)
	}
}

// readLines gives what is typed. Its goroutine ends with the input, which is the process's own.
func readLines(in io.Reader) <-chan string {
	lines := make(chan string)
	if in == nil {
		close(lines)
		return lines
	}
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(in); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	return lines
}
