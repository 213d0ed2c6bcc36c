package api

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"tocsin/cmd/internal/backup"
)

// backupTimeout bounds how long a backup may take to be fetched.
const backupTimeout = 6 * time.Hour

// backup streams a backup of the whole store. Its last line is a checksum, so that one that
// broke off is recognised.
func (s *Server) backup(c echo.Context) error {
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(backupTimeout)) // else the usual one stays
	c.Response().Header().Set(echo.HeaderContentType, echo.MIMEOctetStream)
	_, err := backup.Write(c.Request().Context(), s.Store, c.Response(), s.Version, s.Engine.Now)
	s.access(c, err)
	if err != nil && !c.Response().Committed {
		c.Response().Header().Del(echo.HeaderContentType)
		return faulty(Unavailable, "no backup could be made: "+err.Error(), err)
	}
	if err != nil {
		s.Logger.Warn("a backup broke off", "error", err)
		panic(http.ErrAbortHandler) // so that whoever reads it does not take it for whole
	}
	return nil
}
