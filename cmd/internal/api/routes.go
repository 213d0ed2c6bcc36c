package api

import "github.com/labstack/echo/v4"

// routes is the whole surface. What stands under token needs a bearer token from the
// configuration; webhooks, Twilio and calendars bring credentials of their own; the rest is open and
// shows nothing but health and aggregates.
func (s *Server) routes(e *echo.Echo) {
	token := e.Group("", s.requireToken, s.audited)

	e.GET("/healthz", s.healthz)
	e.GET("/readyz", s.readyz)
	e.GET("/metrics", echo.WrapHandler(s.Metrics))
	token.POST("/-/reload", s.reload)

	e.POST("/webhooks/:integration", s.webhook)
	e.POST("/webhooks/:integration/:token", s.webhook)

	e.POST("/twilio/sms", s.twilioSMS)
	e.POST("/twilio/status/:attempt", s.twilioStatus)
	e.POST(OfferPath, s.offered) // from other processes, signed

	token.GET("/api/v1/status", s.status)
	token.GET("/api/v1/incidents", s.listIncidents)
	token.GET("/api/v1/incidents/:id", s.showIncident)
	token.GET("/api/v1/incidents/:id/evidence", s.evidence)
	token.POST("/api/v1/incidents/:id/ack", s.acknowledge)
	token.POST("/api/v1/incidents/:id/unack", s.unacknowledge)
	token.POST("/api/v1/incidents/:id/snooze", s.snooze)
	token.POST("/api/v1/incidents/:id/escalate", s.escalate)
	token.POST("/api/v1/incidents/:id/resolve", s.resolve)
	token.POST("/api/v1/incidents/:id/reassign", s.reassign)
	token.POST("/api/v1/test-pages", s.testPage)

	token.GET("/api/v1/audit", s.listAudit)
	token.GET("/api/v1/audit/head", s.auditHead)
	token.GET("/api/v1/audit/verify", s.verifyAudit)
	token.GET("/api/v1/backup", s.backup)

	token.GET("/api/v1/config", s.activeConfig)
	token.POST("/api/v1/config", s.applyConfig)
	token.POST("/api/v1/config/plan", s.planConfig)
	token.GET("/api/v1/config/revisions", s.listRevisions)
	token.GET("/api/v1/config/revisions/:number", s.showRevision)

	e.GET("/calendars/schedules/:name/:token", s.scheduleFeed)
	e.GET("/calendars/users/:name/:token", s.userFeed)
	token.GET("/api/v1/calendar-links", s.calendarLink)

	token.GET("/api/v1/on-call", s.onCall)
	token.GET("/api/v1/overrides", s.showOverlay)
	token.POST("/api/v1/overrides", s.addOverride)
	token.DELETE("/api/v1/overrides/:id", s.removeOverride)
	token.POST("/api/v1/covers", s.askCover)
	token.POST("/api/v1/covers/:id/take", s.takeCover)

	if s.Home != nil {
		s.Home(e)
	}
}
