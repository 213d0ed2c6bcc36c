package api

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"tocsin/schedules"
)

// OnCall is the answer of GET /api/v1/on-call: who is on call, and how long they have been and
// will be.
type OnCall struct {
	Users  []schedules.UserID `json:"users"`
	Layer  string             `json:"layer"`            // "" stands for all
	Since  time.Time          `json:"since,omitzero"`   // absent: it has always been so
	Until  time.Time          `json:"until,omitzero"`   // absent: it stays so
	Source string             `json:"source,omitempty"` // rotation, override, swap, …
	Duties []schedules.Duty   `json:"duties,omitempty"`
}

// onCall tells who is on call by what is in force here, overrides and rollouts included.
func (s *Server) onCall(c echo.Context) error {
	schedule, ok := s.Engine.Book().Schedules[c.QueryParam("schedule")]
	if !ok {
		return faulty(NotFound, "there is no schedule "+c.QueryParam("schedule"), nil)
	}
	at := s.Engine.Now()
	if text := c.QueryParam("at"); text != "" {
		var err error
		if at, err = time.Parse(time.RFC3339, text); err != nil {
			return faulty(Invalid, "at must be a time as in RFC 3339, such as 2026-03-01T09:00:00Z", err)
		}
	}
	shift, err := schedule.OnCall(c.QueryParam("layer"), at)
	if err != nil {
		return faulty(NotFound, err.Error(), err)
	}
	return c.JSON(http.StatusOK, OnCall{
		Users: append([]schedules.UserID{}, shift.Users...), Layer: shift.Layer, Since: shift.Start, Until: shift.End,
		Source: shift.Source, Duties: shift.Duties,
	})
}
