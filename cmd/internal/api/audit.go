package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"tocsin/cmd/internal/auditor"
	"tocsin/escalation/audit"
)

const (
	auditPage = 100
	mostAudit = 1000
	// longAnswer bounds answers that read the whole store.
	longAnswer = 10 * time.Minute
)

// AuditList is the answer of GET /api/v1/audit.
type AuditList struct {
	Records []auditor.Line `json:"records"`        // newest first
	Next    uint64         `json:"next,omitempty"` // for ?before= of the next page
}

// audited records who changed something through the API, or tried to.
func (s *Server) audited(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Request().Method == http.MethodGet {
			return next(c)
		}
		err := next(c)
		s.access(c, err)
		return err
	}
}

// access records what a token did.
func (s *Server) access(c echo.Context, err error) {
	name, _ := c.Get(tokenKey).(string)
	target := ""
	if values := c.ParamValues(); len(values) > 0 {
		target = values[0]
	}
	outcome := "done"
	if err != nil {
		kind, _ := classify(err)
		outcome = string(kind)
	}
	const most = 200 // of what a caller may write into a log that is never deleted
	s.Audit.Access("token "+name, c.Request().Method+" "+c.Path(), target[:min(len(target), most)], outcome)
}

// listAudit shows records of the audit log, newest first.
func (s *Server) listAudit(c echo.Context) error {
	limit, before := auditPage, uint64(0)
	if text := c.QueryParam("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostAudit {
			return faulty(Invalid, "limit must be from 1 to "+strconv.Itoa(mostAudit), err)
		}
		limit = n
	}
	if text := c.QueryParam("before"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return faulty(Invalid, "before must be the number of a record", err)
		}
		before = n
	}
	records, err := auditor.Records(c.Request().Context(), s.Store, before, limit)
	if err != nil {
		return faulty(Unavailable, "the audit log cannot be read: "+err.Error(), err)
	}
	list := AuditList{Records: records}
	if n := len(records); n == limit && records[n-1].Number > 1 {
		list.Next = records[n-1].Number
	}
	return c.JSON(http.StatusOK, list)
}

// auditHead shows where the audit log ends, to be kept elsewhere.
func (s *Server) auditHead(c echo.Context) error {
	head, err := auditor.Head(c.Request().Context(), s.Store)
	if err != nil {
		return faulty(Unavailable, "the audit log cannot be read", err)
	}
	return c.JSON(http.StatusOK, head)
}

// verifyAudit holds the store against its audit log.
func (s *Server) verifyAudit(c echo.Context) error {
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Now().Add(longAnswer)) // else the usual one stays
	var anchors []audit.Anchor
	for _, text := range c.QueryParams()["anchor"] {
		a, err := audit.ParseAnchor(text)
		if err != nil {
			return faulty(Invalid, err.Error(), err)
		}
		anchors = append(anchors, a)
	}
	report, err := auditor.Verify(c.Request().Context(), s.Store, s.Engine.Now(), anchors...)
	if err != nil {
		return faulty(Unavailable, "the store could not be verified: "+err.Error(), err)
	}
	return c.JSON(http.StatusOK, report)
}
