package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"tocsin/configs/history"
)

// configLimit bounds a proposal: files and calendars, as base64.
const configLimit = 24 << 20

// planTimeout bounds working out what a proposal would do.
const planTimeout = 5 * time.Minute

// mostRevisions bounds the list of revisions.
const mostRevisions = 1000

// activeConfig shows the revision in force.
func (s *Server) activeConfig(c echo.Context) error {
	return s.revision(c, 0)
}

// showRevision shows one revision with its files.
func (s *Server) showRevision(c echo.Context) error {
	number, err := strconv.ParseUint(c.Param("number"), 10, 64)
	if err != nil || number == 0 {
		return faulty(Invalid, "a revision is a number from 1 on", err)
	}
	return s.revision(c, number)
}

func (s *Server) revision(c echo.Context, number uint64) error {
	r, err := s.History.Revision(c.Request().Context(), number)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, r)
}

// listRevisions lists the last revisions, newest first.
func (s *Server) listRevisions(c echo.Context) error {
	limit := 50
	if text := c.QueryParam("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostRevisions {
			return faulty(Invalid, "limit must be from 1 to "+strconv.Itoa(mostRevisions), err)
		}
		limit = n
	}
	list, err := s.History.List(c.Request().Context(), limit)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, list)
}

// planConfig tells what a proposal would do.
func (s *Server) planConfig(c echo.Context) error {
	p, err := s.proposal(c)
	if err != nil {
		return err
	}
	change, err := s.History.Plan(c.Request().Context(), p, s.Engine.Now())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, change)
}

// applyConfig puts a proposal in force. This process follows before it answers; the others
// within a second.
func (s *Server) applyConfig(c echo.Context) error {
	p, err := s.proposal(c)
	if err != nil {
		return err
	}
	change, err := s.History.Apply(c.Request().Context(), p, s.Engine.Now())
	if err != nil {
		return err
	}
	s.follow(c)
	return c.JSON(http.StatusOK, change)
}

// proposal reads a proposal; its author is whoever has the token.
func (s *Server) proposal(c echo.Context) (p history.Proposal, err error) {
	// A replay of weeks may take longer than other answers; where the deadline cannot be moved
	// the usual one stays.
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(planTimeout))
	if err := readJSONUpTo(c, &p, configLimit); err != nil {
		return p, err
	}
	by, err := s.actor(c, "")
	if err != nil {
		return p, err
	}
	if p.Author == "" || p.Author == by.Name {
		p.Author = by.Name
	} else { // who says so is on record, too
		p.Author += " (" + by.Name + ")"
	}
	return p, nil
}

// follow puts what was stored just now in force here. It is stored, so that trouble here is no
// error of the request: sent again it would be done twice. This process looks again by itself.
func (s *Server) follow(c echo.Context) {
	if err := s.Follow(c.Request().Context()); err != nil {
		s.Logger.Warn("what was stored is not in force here yet", "error", err)
	}
}
