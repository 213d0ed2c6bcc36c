package api

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"tocsin/escalation"
	"tocsin/schedules"
	"tocsin/schedules/ical"
)

// CalendarLink is the answer of GET /api/v1/calendar-links: an address that calendar programs
// subscribe to. Whoever has it can read the duties behind it.
type CalendarLink struct {
	URL string `json:"url"`
}

// feedAhead is how far a feed looks ahead.
const feedAhead = 365 * 24 * time.Hour

// scheduleFeed serves the duties of a schedule to calendar programs, which bring no token but
// the one in the address.
func (s *Server) scheduleFeed(c echo.Context) error {
	return s.feed(c, "schedule", func(book *escalation.Book, name string) ([]ical.Event, bool) {
		schedule, ok := book.Schedules[name]
		if !ok {
			return nil, false
		}
		return ScheduleEvents(schedule, "", s.Engine.Now()), true
	})
}

// userFeed serves the duties of one person in all schedules.
func (s *Server) userFeed(c echo.Context) error {
	return s.feed(c, "user", func(book *escalation.Book, name string) ([]ical.Event, bool) {
		if _, ok := book.Users[schedules.UserID(name)]; !ok {
			return nil, false
		}
		return UserEvents(book.Schedules, schedules.UserID(name), s.Engine.Now()), true
	})
}

// UserEvents are the duties of one person.
func UserEvents(all map[string]*schedules.Schedule, user schedules.UserID, now time.Time) (events []ical.Event) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		events = append(events, ScheduleEvents(all[name], user, now)...)
	}
	return events
}

// ScheduleEvents are the duties of a schedule, or of one person in it. They begin with a month,
// so that the first of them stays the same event from day to day.
func ScheduleEvents(s *schedules.Schedule, only schedules.UserID, now time.Time) []ical.Event {
	local := now.In(s.Zone())
	from := time.Date(local.Year(), local.Month()-2, 1, 0, 0, 0, 0, time.UTC)
	return ical.EventsOf(s.Name(), s.Final(from, now.Add(feedAhead)), only)
}

// feed answers as if there were nothing when the token is wrong, so that no name can be guessed.
func (s *Server) feed(c echo.Context, kind string, events func(*escalation.Book, string) ([]ical.Event, bool)) error {
	name, token := c.Param("name"), strings.TrimSuffix(c.Param("token"), ".ics")
	if !ical.Verify([]byte(s.Config().CalendarKey.Reveal()), kind+":"+name, token) {
		return faulty(NotFound, "there is no such calendar", nil)
	}
	list, ok := events(s.Engine.Book(), name)
	if !ok {
		return faulty(NotFound, "there is no such calendar", nil)
	}
	c.Response().Header().Set("Cache-Control", "private, max-age=300")
	return c.Blob(http.StatusOK, "text/calendar; charset=utf-8", ical.Feed("On call: "+name, list, s.Engine.Now()))
}

// calendarLink makes the address of a feed.
func (s *Server) calendarLink(c echo.Context) error {
	kind, name := "schedule", c.QueryParam("schedule")
	if user := c.QueryParam("user"); user != "" {
		if name != "" {
			return faulty(Invalid, "name a schedule or a user, not both", nil)
		}
		kind, name = "user", user
	}
	conf, book := s.Config(), s.Engine.Book()
	_, isSchedule := book.Schedules[name]
	_, isUser := book.Users[schedules.UserID(name)]
	switch {
	case kind == "schedule" && !isSchedule, kind == "user" && !isUser:
		return faulty(NotFound, "there is no "+kind+" "+name+" in the configuration", nil)
	case conf.CalendarKey.Reveal() == "":
		return faulty(Refused, "the configuration has no calendar_key, with which addresses are signed; add one: calendar_key: { file: secrets/calendar }", nil)
	}
	path := "/calendars/" + kind + "s/" + url.PathEscape(name) + "/" + ical.Sign([]byte(conf.CalendarKey.Reveal()), kind+":"+name) + ".ics"
	return c.JSON(http.StatusOK, CalendarLink{URL: conf.PublicURL + path})
}
