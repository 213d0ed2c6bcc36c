package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"tocsin/cmd/internal/evidence"
	"tocsin/paging"
)

// evidence answers with all that is known of an incident as a ZIP, for outsiders. The audit log
// keeps the digest of its MANIFEST.
func (s *Server) evidence(c echo.Context) error {
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(longAnswer)) // else the usual one stays
	id := paging.IncidentID(c.Param("id"))
	if err := s.Audit.SealNow(c.Request().Context(), id); err != nil { // so that the proof covers all that is in the bundle
		return faulty(Unavailable, "the audit log cannot be written: "+err.Error(), err)
	}
	b, err := evidence.Collect(c.Request().Context(), s.Store, id, s.Engine.Now())
	if errors.Is(err, evidence.ErrNone) {
		return faulty(NotFound, "there is no such incident", err)
	}
	if err != nil {
		return faulty(Unavailable, "the evidence cannot be read: "+err.Error(), err)
	}
	name, _ := c.Get(tokenKey).(string)
	s.Audit.Access("token "+name, "evidence", string(id), "MANIFEST "+b.Sum)
	c.Response().Header().Set(echo.HeaderContentType, "application/zip")
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="incident-`+string(id)+`.zip"`)
	return b.Write(c.Response())
}
