package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"tocsin/cmd/internal/admission"
	"tocsin/configs"
	"tocsin/escalation/engine"
	"tocsin/routing/source"
)

// webhook takes one inbound delivery: verify on the raw bytes, decode, hand to the engine,
// and answer 2xx only when all of it is durable.
func (s *Server) webhook(c echo.Context) error {
	name := c.Param("integration")
	integration, ok := s.Config().Integration(name)
	if !ok {
		s.refused("unknown", string(NotFound))
		return faulty(NotFound, "there is no integration of this name in the configuration", nil)
	}
	summary, err := s.take(c, &integration)
	if err != nil {
		s.refused(name, refusalKind(err))
		if errors.Is(err, source.ErrUnauthorized) {
			s.logUnauthorized(name, err)
		}
		return err
	}
	return c.JSON(http.StatusOK, summary)
}

// take asks who is there before it reads anything, and how much is under way before it keeps
// anything.
func (s *Server) take(c echo.Context, integration *configs.Integration) (engine.Summary, error) {
	r := c.Request()
	if err := integration.Auth.CheckSender(r.Header, c.Param("token")); err != nil {
		return engine.Summary{}, err
	}
	if e := r.Header.Get(echo.HeaderContentEncoding); e != "" && !strings.EqualFold(e, "identity") {
		return engine.Summary{}, faulty(Invalid, "a body with a Content-Encoding is not taken; send it as it is", nil)
	}
	body, release, err := s.Admission.Body(c.Response(), r, integration.Name, integration.MaxBody, s.Engine.Now())
	defer release()
	if err != nil {
		return engine.Summary{}, err
	}
	if err := integration.Auth.Check(integration.Source, r.Header, c.Param("token"), body); err != nil {
		return engine.Summary{}, err
	}
	batch, err := integration.Source.Decode(r.Header, body, s.Engine.Now())
	alive := integration.ExpectEvery > 0 && beats(batch, err)
	if integration.ExpectEvery > 0 {
		batch, err = signOfLife(batch, err), nil
	}
	if err != nil {
		return engine.Summary{}, faulty(Invalid, err.Error(), err)
	}
	leave, err := s.Admission.Alerts(integration.Name, integration.RateLimit, len(batch.Alerts), s.Engine.Now())
	if err != nil {
		return engine.Summary{}, err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(r.Context(), ingestTimeout)
	defer cancel()
	summary, err := s.Front.Ingest(ctx, engine.Delivery{
		Integration: integration.Name, Batch: batch, Header: integration.Source.Record(r.Header), Body: body,
	})
	if err == nil && alive {
		err = s.heard(ctx, integration)
	}
	return summary, err
}

// refusalKind is what the metrics call a refusal.
func refusalKind(err error) string {
	if wait, ok := errors.AsType[*admission.Refusal](err); ok {
		return string(wait.Reason)
	}
	kind, _ := classify(err)
	return string(kind)
}

// logUnauthorized writes of wrong credentials, but not of each of a thousand.
func (s *Server) logUnauthorized(integration string, err error) {
	if before, tell := s.Admission.Failed(integration, s.Engine.Now()); tell {
		s.Logger.Warn("a delivery was refused", "integration", integration, "reason", err, "others_since_the_last_line", before)
	}
}
