package api

import (
	"io"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"tocsin/escalation/engine"
	"tocsin/paging"
	"tocsin/paging/twilio"
)

// readTwilio reads a form of Twilio's after checking its signature over the raw bytes and the
// configured public URL. 403 is what Twilio's own helpers answer to a bad one.
func (s *Server) readTwilio(c echo.Context) (url.Values, error) {
	r := c.Request()
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, formLimit))
	if err != nil {
		return nil, err
	}
	if !s.validator().Valid(r.RequestURI, r.Header.Get(echo.HeaderContentType), body, r.Header.Get(twilio.SignatureHeader)) {
		s.Logger.Warn("a request that claims to be Twilio's has no valid signature; does public_url match what is configured there?", "path", c.Path())
		s.Audit.Refused("twilio")
		return nil, faulty(Unauthorized, "the signature does not fit", nil)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, faulty(Invalid, "the form could not be read", err)
	}
	return form, nil
}

// storeTrouble is texted back when a reply could not be stored: the person is awake and can send
// it again, Twilio by default does not.
const storeTrouble = "Not stored, something is wrong here. Please send it again."

// twilioSMS takes a text from a phone and answers it.
func (s *Server) twilioSMS(c echo.Context) error {
	form, err := s.readTwilio(c)
	if err != nil {
		return err
	}
	in, err := twilio.ParseInbound(form)
	if err != nil {
		return faulty(Invalid, err.Error(), err)
	}
	answer, err := s.Front.Reply(c.Request().Context(), engine.Text{ID: in.MessageSID, From: in.From, Body: in.Body})
	if err != nil {
		s.Logger.Error("a reply could not be stored", "error", err)
		answer = storeTrouble
	}
	return c.Blob(http.StatusOK, "text/xml; charset=utf-8", twilio.MessagingResponse(answer))
}

// twilioStatus takes a receipt.
func (s *Server) twilioStatus(c echo.Context) error {
	form, err := s.readTwilio(c)
	if err != nil {
		return err
	}
	report, ok := twilio.ParseStatus(paging.AttemptID(c.Param("attempt")), form, s.Engine.Now())
	if !ok {
		return faulty(Invalid, "the form names no message or no status", nil)
	}
	if err := s.Front.Report(c.Request().Context(), []paging.Report{report}); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent) // an empty 200 counts as a fault at Twilio
}
