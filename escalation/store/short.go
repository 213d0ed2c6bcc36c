package store

import (
	"fmt"

	"github.com/klauspost/compress/s2"
)

// Stored values repeat the same words: names of fields, kinds, the phrases of timelines. With
// a dictionary of them S2 makes values of a few hundred bytes a third as long, in about the
// time that the store takes to copy what it saves. A value begins with '{' when it is plain
// JSON, as older versions wrote it, or else with the number of its form.
const (
	dictionary1 = 1 // by the first dictionary
	packed2     = 2 // by the second, with digests packed, see packed.go
)

// A dictionary is never changed: what was written with it must be read. A better one gets the
// next number, and stays unused for a minor release, so that versions side by side can read
// what each other write. What is most frequent stands last.
var (
	firstDictionary  = s2.MakeDict([]byte(firstWords), nil)
	secondDictionary = s2.MakeDict([]byte(firstWords+openingWords), nil)
)

const firstWords = `{"seq":4,"at":"2026-01-01T00:00:00Z","kind":"resolved","text":" is resolved by its source","by":"token "}` +
	`{"seq":5,"at":"2026-","kind":"acknowledged","text":"acknowledged over sms until ","kind":"attempt","text":"delivered","attempt":"` +
	`"kind":"sla","text":"acknowledge within ","kind":"tier","text":"tier primary starts","tier":"primary","run":1,"round":1,"kind":"page","text":"pages  by sms"` +
	`{"v":1,"id":"-","incident":"","page":"","user":"","contact":"mobile","kind":"sms","address":"+1","rank":0,"due":"2026-","expires":"2026-","state":"planned","text":""` +
	`{"integration":"alertmanager","identity":"","group":"{}:{alertname=\"","title":"","severity":"P1","starts_at":"2026-01-01T00:00:00.000000000Z","seen_at":"2026-01-01T00:00:00.000000000Z","firing":true,"ended_at":"2026-","explicit":true}` +
	`"position":{"stage":"tier","index":0,"name":"primary","round":0,"started":"2026-01-01T00:00:00.000000000Z","deadline":"2026-01-01T00:00:00.000000000Z","round_started":"2026-"},` +
	`"attempts":[{"id":"","step":1,"user":"","contact":"mobile","due":"2026-","state":"planned"}],"told":[{"user":"","contact":{"name":"mobile","kind":"sms","address":"+1"}}],"slas":[{"kind":"acknowledge","start":"2026-","deadline":"2026-"}],"commands":["` +
	`"opened","text":"P0 , policy : severity word \"critical\" is P0; severity word \"warning\" is P1; route.routes[0] {alertname=~\"severity=\"team=\"service=\""}: policy \"","hash":"` +
	`{"seq":2,"at":"2026-01-01T00:00:00.000000000Z","kind":"alert","text":"P0  fires","member":{"integration":"prometheus","identity":""},"hash":"` +
	`{"seq":3,"at":"2026-01-01T00:00:00.000000000Z","kind":"quiet","text":"held for 1h: nobody is paged until 2026-01-01T00:00:00Z","hash":"` +
	`{"v":1,"id":"01m","key":"","state":"triggered","severity":"P0","title":"","where":", ","lead":{"source":"alertmanager","integration":"prometheus","identity":"","group":"{}:{cluster=\"","status":"firing","title":"","description":"","severity_word":"critical",` +
	`"labels":{"alertname":"","cluster":"","container":"","environment":"production","instance":":9090","job":"","namespace":"","node":"","pod":"","region":"","service":"","severity":"critical","team":""},` +
	`"links":[{"text":"source","url":"https://prometheus./graph?g0.expr=%28%29%5B5m%5D+%3E+0&g0.tab=1"},{"text":"runbook","url":"https://runbooks/"}],"starts_at":"2026-01-01T00:00:00.000000000Z"},"policy":"","route":"route.routes[0]",` +
	`"reasons":["severity word \"critical\" is P0","route.routes[0] {}: policy \""],"reopen_within":600000000000,"resolve_after":86400000000000,"opened_at":"2026-01-01T00:00:00.000000000Z","quiet":{"kind":"held","reason":"held for 1h","until":"2026-01-01T00:00:00.000000000Z"},` +
	`"run":1,"steps":1,"firing":1,"ended":0,"seq":3,"head":"`

// openingWords are those of what an incident opens with.
const openingWords = `{"m":[{"integration":"alertmanager","identity":"","group":"{}:{alertname=\"","title":"","severity":"P1","starts_at":"2026-01-01T00:00:00.000000000Z","seen_at":"2026-01-01T00:00:00.000000000Z","firing":true}],` +
	`"e":[{"seq":1,"at":"2026-01-01T00:00:00.000000000Z","kind":"opened","text":"P0 , policy : severity word \"critical\" is P0; severity word \"warning\" is P1; route.routes[0] {alertname=~\"severity=\"team=\"service=\"}: policy \"","hash":"` +
	`"},{"seq":2,"at":"2026-01-01T00:00:00.000000000Z","kind":"alert","text":"P0  fires","member":{"integration":"prometheus","identity":""},"hash":"` +
	`"},{"seq":3,"at":"2026-01-01T00:00:00.000000000Z","kind":"quiet","text":"held for 1h: nobody is paged until 2026-01-01T00:00:00Z","hash":"`

const (
	// tooShort is what no dictionary makes shorter.
	tooShort = 48
	// longest bounds what a damaged value can claim to hold.
	longest = 256 << 20
)

// shorten returns a value as it is stored.
func shorten(b []byte) []byte {
	if len(b) < tooShort || len(b) > longest {
		return b
	}
	out := make([]byte, 1+s2.MaxEncodedLen(len(b)))
	out[0] = packed2
	out = out[:1+len(secondDictionary.Encode(out[1:], pack(b)))]
	if len(out) >= len(b) {
		return b
	}
	return out
}

// Plain returns the JSON of a stored value. ErrNewer: a newer version wrote it.
func Plain(b []byte) ([]byte, error) {
	switch {
	case len(b) == 0 || b[0] >= ' ':
		return b, nil
	case b[0] != dictionary1 && b[0] != packed2:
		return nil, fmt.Errorf("%w: a value has form %d, this version knows up to %d; upgrade this process", ErrNewer, b[0], packed2)
	}
	dictionary := firstDictionary
	if b[0] == packed2 {
		dictionary = secondDictionary
	}
	n, err := s2.DecodedLen(b[1:])
	if err == nil && n > longest {
		err = fmt.Errorf("it claims to have %d bytes", n)
	}
	var plain []byte
	if err == nil {
		plain, err = dictionary.Decode(nil, b[1:])
	}
	if err == nil && b[0] == packed2 {
		plain, err = unpack(plain)
	}
	if err != nil {
		return nil, fmt.Errorf("store: a value was damaged: %w", err)
	}
	return plain, nil
}
