package app

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"tocsin/cmd/internal/egress"
	"tocsin/configs"
	"tocsin/paging"
	"tocsin/paging/twilio"
)

// channelsFor makes the channels that the configuration asks for, by kind of contact. Every
// type of provider is registered here with one case.
func channelsFor(c *configs.Config) (map[string]paging.Channel, error) {
	channels := map[string]paging.Channel{}
	for _, p := range c.Providers {
		switch p.Type {
		case "twilio":
			o := twilio.Options{Name: p.Name, AccountSID: p.AccountSID, From: p.From, BaseURL: p.BaseURL, PublicURL: c.PublicURL}
			for _, t := range p.AuthTokens {
				o.AuthTokens = append(o.AuthTokens, t.Reveal())
			}
			var err error
			if o.HTTPClient, err = providerClient(o.BaseURL, c.Egress); err != nil {
				return nil, fmt.Errorf("provider %s: base_url: %w", p.Name, err)
			}
			ch, err := twilio.New(o)
			if err != nil {
				return nil, fmt.Errorf("provider %s: %w", p.Name, err)
			}
			if channels[paging.SMS] == nil { // the first one sends
				channels[paging.SMS] = ch
			}
		default:
			return nil, fmt.Errorf("provider %s: type %q is not built", p.Name, p.Type)
		}
	}
	return channels, nil
}

// providerAnswer bounds an answer of a provider's API: Twilio's page of 1000 messages is 1.2 MB.
const providerAnswer = 4 << 20

// providerClient reaches a provider's API and nothing else.
func providerClient(address string, allowed configs.Egress) (*http.Client, error) {
	return egress.Client(cmp.Or(address, twilio.DefaultBaseURL), allowed, egress.Limits{Timeout: 2 * sendTimeout, Answer: providerAnswer})
}

// switchboard is a channel that a reload can replace while texts are under way.
type switchboard struct {
	current atomic.Pointer[paging.Channel]
}

// change puts the channel of a configuration in force.
func (s *switchboard) change(config *configs.Config) error {
	channels, err := channelsFor(config)
	if err != nil {
		return err
	}
	if c := channels[paging.SMS]; c != nil {
		s.current.Store(&c)
	} else {
		s.current.Store(nil)
	}
	return nil
}

// Name is the provider's name.
func (s *switchboard) Name() string {
	if c := s.current.Load(); c != nil {
		return (*c).Name()
	}
	return "none"
}

var errNoProvider = &paging.SendError{Class: paging.NotConfigured, Message: "no provider for text messages is configured"}

// Send hands the message to the present channel.
func (s *switchboard) Send(ctx context.Context, m paging.Message) (paging.Receipt, error) {
	if c := s.current.Load(); c != nil {
		return (*c).Send(ctx, m)
	}
	return paging.Receipt{}, errNoProvider
}

// Find asks the present channel.
func (s *switchboard) Find(ctx context.Context, m paging.Message, since time.Time) (paging.Receipt, bool, error) {
	if c := s.current.Load(); c != nil {
		return (*c).Find(ctx, m, since)
	}
	return paging.Receipt{}, false, errNoProvider
}

// Track asks the present channel, if its provider can be asked.
func (s *switchboard) Track(ctx context.Context, providerID string) (paging.Receipt, error) {
	if c := s.current.Load(); c != nil {
		if tracker, ok := (*c).(paging.Tracker); ok {
			return tracker.Track(ctx, providerID)
		}
	}
	return paging.Receipt{}, errNoProvider
}
