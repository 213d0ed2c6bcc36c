package api

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

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
	summary, err := s.take(c, name, func(header http.Header, body []byte) (engine.Delivery, error) {
		if err := integration.Auth.Check(integration.Source, header, c.Param("token"), body); err != nil {
			return engine.Delivery{}, err
		}
		batch, err := integration.Source.Decode(header, body, s.Engine.Now())
		if err != nil {
			return engine.Delivery{}, faulty(Invalid, err.Error(), err)
		}
		return engine.Delivery{Integration: name, Batch: batch, Header: integration.Source.Record(header), Body: body}, nil
	})
	if err != nil {
		kind, _ := classify(err)
		s.refused(name, string(kind))
		return err
	}
	return c.JSON(http.StatusOK, summary)
}

func (s *Server) take(c echo.Context, name string, decode func(http.Header, []byte) (engine.Delivery, error)) (engine.Summary, error) {
	body, release, err := s.readBody(c)
	defer release()
	if err != nil {
		return engine.Summary{}, err
	}
	d, err := decode(c.Request().Header, body)
	if err != nil {
		if errors.Is(err, source.ErrUnauthorized) {
			s.Logger.Warn("a delivery was refused", "integration", name, "reason", err)
		}
		return engine.Summary{}, err
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), ingestTimeout)
	defer cancel()
	return s.Front.Ingest(ctx, d)
}

// readBody reads a bounded body, and counts it against what is held at one time.
func (s *Server) readBody(c echo.Context) (body []byte, release func(), err error) {
	r := c.Request()
	size := r.ContentLength
	if size < 0 || size > bodyLimit {
		size = bodyLimit
	}
	release = func() { s.inFlight.Add(-size) }
	if s.inFlight.Add(size) > bytesInFlight {
		return nil, release, engine.ErrOverloaded
	}
	reader := http.MaxBytesReader(c.Response(), r.Body, bodyLimit)
	if r.ContentLength >= 0 && r.ContentLength <= bodyLimit {
		body = make([]byte, r.ContentLength)
		_, err = io.ReadFull(reader, body)
	} else {
		body, err = io.ReadAll(reader)
	}
	if err != nil {
		var tooLarge *http.MaxBytesError
		if !errors.As(err, &tooLarge) {
			err = faulty(Invalid, "the body could not be read to its end", err)
		}
	}
	return body, release, err
}
