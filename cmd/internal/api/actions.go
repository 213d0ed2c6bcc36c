package api

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"tocsin/escalation"
	"tocsin/paging"
	"tocsin/schedules"
)

func (s *Server) acknowledge(c echo.Context) error {
	return s.act(c, func(by escalation.Actor, _ Action) (escalation.Command, error) {
		return escalation.Acknowledge{By: by}, nil
	})
}

func (s *Server) unacknowledge(c echo.Context) error {
	return s.act(c, func(by escalation.Actor, _ Action) (escalation.Command, error) {
		return escalation.Undo{By: by}, nil
	})
}

func (s *Server) escalate(c echo.Context) error {
	return s.act(c, func(by escalation.Actor, _ Action) (escalation.Command, error) {
		return escalation.Escalate{By: by}, nil
	})
}

// resolve closes the incident even while it fires: who calls the API has seen its state.
func (s *Server) resolve(c echo.Context) error {
	return s.act(c, func(by escalation.Actor, _ Action) (escalation.Command, error) {
		return escalation.Resolve{By: by, Force: true}, nil
	})
}

func (s *Server) snooze(c echo.Context) error {
	return s.act(c, func(by escalation.Actor, a Action) (escalation.Command, error) {
		d := paging.DefaultSnooze
		if a.For != "" {
			var err error
			if d, err = time.ParseDuration(a.For); err != nil || d <= 0 || d > paging.MaxSnooze {
				return nil, faulty(Invalid, `"for" must be a duration up to 168h, such as "30m"`, err)
			}
		}
		return escalation.Snooze{By: by, For: d}, nil
	})
}

func (s *Server) reassign(c echo.Context) error {
	return s.act(c, func(by escalation.Actor, a Action) (escalation.Command, error) {
		var targets []escalation.Target
		for _, text := range a.To {
			t, ok := escalation.ParseTarget(text)
			if !ok {
				return nil, faulty(Invalid, `"to" must name targets such as "user:ana", "team:everyone" or "schedule:platform/primary"; not "`+text+`"`, nil)
			}
			targets = append(targets, t)
		}
		if people, _ := s.Engine.Book().People(targets, s.Engine.Now()); len(people) == 0 {
			return nil, faulty(Invalid, `nobody is behind "to"; it must name at least one person who can be paged`, nil)
		}
		return escalation.Reassign{By: by, Targets: targets}, nil
	})
}

// act reads an Action, applies the command that it stands for and shows what became of it.
func (s *Server) act(c echo.Context, command func(escalation.Actor, Action) (escalation.Command, error)) error {
	var a Action
	if err := readJSON(c, &a); err != nil {
		return err
	}
	by, err := s.actor(c, a.As)
	if err != nil {
		return err
	}
	cmd, err := command(by, a)
	if err != nil {
		return err
	}
	outcome, err := s.Front.Do(c.Request().Context(), paging.IncidentID(c.Param("id")), cmd)
	if err != nil {
		return err
	}
	return writeOutcome(c, outcome)
}

func writeOutcome(c echo.Context, o escalation.Outcome) error {
	if o.Incident == nil {
		return faulty(NotFound, "there is no such incident", nil)
	}
	return c.JSON(http.StatusOK, Outcome{Outcome: o.Kind, By: o.By.Name, At: o.At, Incident: view(o.Incident)})
}

// testPage sends a test page to one person.
func (s *Server) testPage(c echo.Context) error {
	var body TestPage
	if err := readJSON(c, &body); err != nil {
		return err
	}
	user, ok := s.Engine.Book().Users[schedules.UserID(body.User)]
	if !ok {
		return faulty(Invalid, "there is no user "+body.User+" in the configuration", nil)
	}
	if len(user.Contacts) == 0 {
		return faulty(Invalid, body.User+" has no contact to be paged on", nil)
	}
	by, err := s.actor(c, "")
	if err != nil {
		return err
	}
	outcome, err := s.Engine.PageTest(c.Request().Context(), *user, by.Name)
	if err != nil {
		return err
	}
	return writeOutcome(c, outcome)
}

// readJSON reads an optional body; an unknown key is refused, so that a typing error shows.
func readJSON(c echo.Context, v any) error { return readJSONUpTo(c, v, formLimit) }

func readJSONUpTo(c echo.Context, v any, limit int64) error {
	d := json.NewDecoder(http.MaxBytesReader(c.Response(), c.Request().Body, limit))
	d.DisallowUnknownFields()
	switch err := d.Decode(v); {
	case err == nil, errors.Is(err, io.EOF):
		return nil
	default:
		return faulty(Invalid, "the body is not the JSON that this endpoint takes: "+err.Error(), err)
	}
}
