package api

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"tocsin/configs"
)

// readyTimeout bounds the check behind /readyz.
const readyTimeout = 2 * time.Second

// healthz says that the process runs.
func (s *Server) healthz(c echo.Context) error {
	return c.String(http.StatusOK, "ok\n")
}

// readyz says whether alerts can be taken now.
func (s *Server) readyz(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), readyTimeout)
	defer cancel()
	if err := s.Ready(ctx); err != nil {
		return faulty(Unavailable, "not ready", err)
	}
	if why := s.Degraded(); why != "" {
		return c.String(http.StatusOK, "ready, degraded: "+why+"\n")
	}
	return c.String(http.StatusOK, "ready\n")
}

// reload puts the files' present content in force. A bad configuration never replaces a good
// one; its faults are the answer.
func (s *Server) reload(c echo.Context) error {
	if err := s.Reload(c.Request().Context()); err != nil {
		return faulty(Refused, "the configuration stays as it was: "+err.Error(), err)
	}
	return c.JSON(http.StatusOK, s.statusNow(c, s.Config()))
}

// status tells what runs here.
func (s *Server) status(c echo.Context) error {
	return c.JSON(http.StatusOK, s.statusNow(c, s.Config()))
}

func (s *Server) statusNow(c echo.Context, conf *configs.Config) Status {
	standing := s.Standing()
	return Status{
		Version: s.Version, Revision: conf.Revision(), Config: standing.Config, Overlay: standing.Overlay,
		Wanted: standing.Wanted.Config, Trouble: standing.Trouble,
		Store: s.Store.Promise(c.Request().Context()), Offset: s.Engine.Offset(), Degraded: s.Degraded(),
		Watch: s.Watching(),
	}
}
