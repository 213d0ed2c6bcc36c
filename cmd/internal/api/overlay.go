package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"tocsin/configs"
	"tocsin/configs/history"
	"tocsin/schedules"
)

// Taking is the body of POST /api/v1/covers/{id}/take.
type Taking struct {
	User schedules.UserID `json:"user"`
}

// showOverlay shows the overrides, swaps and requests for cover that are arranged here.
func (s *Server) showOverlay(c echo.Context) error {
	o, err := s.History.Overlay(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, o)
}

// addOverride arranges an override or a swap.
func (s *Server) addOverride(c echo.Context) error {
	var body history.Override
	if err := readJSON(c, &body); err != nil {
		return err
	}
	return s.arrange(c, func(author string) arrangement {
		body.Author, body.At = author, s.Engine.Now()
		return history.AddOverride(body)
	})
}

// removeOverride takes an override or a request for cover back.
func (s *Server) removeOverride(c echo.Context) error {
	return s.arrange(c, func(string) arrangement { return history.RemoveOverride(c.Param("id")) })
}

// askCover asks for somebody who serves instead.
func (s *Server) askCover(c echo.Context) error {
	var body history.Cover
	if err := readJSON(c, &body); err != nil {
		return err
	}
	return s.arrange(c, func(author string) arrangement {
		body.Author, body.At = author, s.Engine.Now()
		return history.AskCover(body)
	})
}

// takeCover has somebody serve instead of whoever asked.
func (s *Server) takeCover(c echo.Context) error {
	var body Taking
	if err := readJSON(c, &body); err != nil {
		return err
	}
	return s.arrange(c, func(string) arrangement { return history.TakeCover(c.Param("id"), body.User, s.Engine.Now()) })
}

// arrangement is a change of the overlay.
type arrangement = func(*history.Overlay, *configs.Config) error

func (s *Server) arrange(c echo.Context, change func(author string) arrangement) error {
	by, err := s.actor(c, "")
	if err != nil {
		return err
	}
	o, err := s.History.Arrange(c.Request().Context(), by.Name, s.Engine.Now(), change(by.Name))
	if err != nil {
		return err
	}
	s.follow(c)
	return c.JSON(http.StatusOK, o)
}
