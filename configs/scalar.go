package configs

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// text reads a single value as it is written, whatever YAML takes it for: +12025550101
// is no number here.
func (r *reader) text(n node) (string, bool) {
	if n.null() || n.y.Kind != yaml.ScalarNode {
		r.fail(n, "must be a single value, not %s", n.kind())
		return "", false
	}
	if strings.TrimSpace(n.y.Value) == "" {
		r.fail(n, "is empty; write a value or remove the key")
		return "", false
	}
	return n.y.Value, true
}

// texts reads a list of single values and keeps those that are good.
func (r *reader) texts(items []node) []string {
	var out []string
	for _, n := range items {
		if s, ok := r.text(n); ok {
			out = append(out, s)
		}
	}
	return out
}

// flag reads true or false.
func (f fields) flag(key string) bool {
	n, ok := f.get(key)
	if !ok {
		return false
	}
	s, ok := f.r.text(n)
	if ok && s != "true" && s != "false" {
		f.r.fail(n, "%q is neither true nor false", s)
	}
	return s == "true"
}

// number reads a whole number from 0 to most.
func (r *reader) number(n node, most int) (int, bool) {
	s, ok := r.text(n)
	if !ok {
		return 0, false
	}
	v, err := strconv.Atoi(s)
	if err != nil || v < 0 || v > most {
		r.fail(n, "%q must be a whole number from 0 to %d", s, most)
		return 0, false
	}
	return v, true
}

// number of an optional key; 0 when it is absent.
func (f fields) number(key string, most int) (v int) {
	if n, ok := f.get(key); ok {
		v, _ = f.r.number(n, most)
	}
	return v
}

// duration reads a positive duration in the notation of Prometheus
// (https://prometheus.io/docs/prometheus/latest/configuration/configuration/).
func (r *reader) duration(n node) (time.Duration, bool) {
	d, ok := r.durationOrZero(n)
	if ok && d == 0 {
		r.fail(n, "must be more than 0")
		return 0, false
	}
	return d, ok
}

func (r *reader) durationOrZero(n node) (time.Duration, bool) {
	s, ok := r.text(n)
	if !ok {
		return 0, false
	}
	d, err := model.ParseDuration(s)
	if err != nil {
		why := "is not a duration"
		if strings.HasPrefix(s, "-") {
			why = "is negative"
		}
		r.fail(n, "%q %s; write for example 30s, 5m, 1h30m, 2d or 1w", s, why)
		return 0, false
	}
	return time.Duration(d), true
}

// duration of an optional key, with its default.
func (f fields) duration(key string, absent time.Duration) time.Duration {
	if n, ok := f.get(key); ok {
		if d, ok := f.r.duration(n); ok {
			return d
		}
	}
	return absent
}

// zone reads an IANA time zone.
func (r *reader) zone(n node) (string, *time.Location, bool) {
	s, ok := r.text(n)
	if !ok {
		return "UTC", time.UTC, false
	}
	loc, err := time.LoadLocation(s)
	if err != nil || s == "Local" {
		r.fail(n, "time zone %q is unknown; use an IANA name such as Europe/Berlin or UTC", s)
		return "UTC", time.UTC, false
	}
	return s, loc, true
}

// zone of an optional key; UTC without one.
func (f fields) zone(key string) (string, *time.Location) {
	n, ok := f.get(key)
	if !ok {
		return "UTC", time.UTC
	}
	name, loc, _ := f.r.zone(n)
	return name, loc
}

// e164 is the shape of an international phone number (ITU-T E.164: at most 15 digits).
var e164 = regexp.MustCompile(`^\+[1-9]\d{6,14}$`)

// phone checks s, the value of n, as a number that can be texted.
func (r *reader) phone(n node, s string) bool {
	if !e164.MatchString(s) {
		r.fail(n, "%s is not a phone number in E.164 form; write + and the country code, digits only, such as +12025550101", n.shown())
		return false
	}
	if number, err := phonenumbers.Parse(s, ""); err != nil || !phonenumbers.IsValidNumber(number) {
		r.warn(n, "%s does not look like a number that exists; check it", n.shown())
	}
	return true
}

// checkName refuses names that could not be told apart in "schedule:name/layer", in a
// URL or in a text.
func (r *reader) checkName(n node, s string) bool {
	if bad := strings.IndexFunc(s, func(c rune) bool { return strings.ContainsRune(`/+:,`, c) || !unicode.IsPrint(c) }); bad >= 0 || strings.TrimSpace(s) != s {
		r.fail(n, "%q is no usable name; leave out / + : , and spaces at its ends", s)
		return false
	}
	const longest = 100
	if len(s) > longest {
		r.fail(n, "the name is longer than %d bytes; shorten it", longest)
		return false
	}
	return true
}
