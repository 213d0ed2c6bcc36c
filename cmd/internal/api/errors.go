package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"tocsin/cmd/internal/admission"
	"tocsin/configs"
	"tocsin/configs/edit"
	"tocsin/configs/history"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/routing/source"
)

// Kind is what an error means to a machine.
type Kind string

// The kinds of errors.
const (
	Invalid      Kind = "invalid"      // can never be taken as it is
	Unauthorized Kind = "unauthorized" // credentials are missing or wrong
	NotFound     Kind = "not_found"
	TooLarge     Kind = "too_large"
	Conflict     Kind = "conflict"
	Refused      Kind = "refused"     // understood, but it would break something: a bad configuration
	Unavailable  Kind = "unavailable" // try again
	Internal     Kind = "internal"
)

// statusOf turns kinds into HTTP. Trouble of ours is always 503, never 429: Alertmanager,
// Sentry and Datadog drop what gets a 429.
var statusOf = map[Kind]int{
	Invalid: http.StatusBadRequest, Unauthorized: http.StatusUnauthorized, NotFound: http.StatusNotFound,
	TooLarge: http.StatusRequestEntityTooLarge, Conflict: http.StatusConflict, Refused: http.StatusUnprocessableEntity,
	Unavailable: http.StatusServiceUnavailable, Internal: http.StatusInternalServerError,
}

// fault is an error with a kind and a sentence that may be shown to whoever asked.
type fault struct {
	kind    Kind
	message string
	err     error // for the log only
}

func (f *fault) Error() string { return f.message }

func (f *fault) Unwrap() error { return f.err }

func faulty(kind Kind, message string, err error) error {
	return &fault{kind: kind, message: message, err: err}
}

// classify finds the kind of any error and the sentence to show.
func classify(err error) (Kind, string) {
	var f *fault
	var httpError *echo.HTTPError
	var tooLarge *http.MaxBytesError
	var wait *admission.Refusal
	var refused *history.RefusedError
	var problems configs.Problems
	var conflict *history.ConflictError
	var edited *edit.Error
	switch {
	case errors.As(err, &f):
		return f.kind, f.message
	case errors.As(err, &wait):
		return Unavailable, wait.Error()
	case errors.Is(err, admission.ErrBroken):
		return Invalid, "the body could not be read to its end"
	case errors.As(err, &tooLarge):
		return TooLarge, "the body is larger than this endpoint takes"
	case errors.Is(err, source.ErrUnauthorized):
		return Unauthorized, err.Error()
	case errors.Is(err, history.ErrStore):
		return Unavailable, "the store cannot be reached; nothing is known to be stored, try again"
	case errors.As(err, &conflict):
		return Conflict, err.Error()
	case errors.As(err, &refused), errors.As(err, &problems), errors.As(err, &edited), errors.Is(err, history.ErrNewer):
		return Refused, err.Error()
	case errors.Is(err, history.ErrNone), errors.Is(err, history.ErrNoRevision):
		return NotFound, err.Error()
	case errors.Is(err, store.ErrNotFound):
		return NotFound, "there is no such incident"
	case errors.Is(err, engine.ErrOverloaded):
		return Unavailable, "too many alerts wait to be stored; send it again"
	case errors.Is(err, engine.ErrUnavailable), errors.Is(err, engine.ErrStopped),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return Unavailable, "nothing is known to be stored; send it again"
	case errors.As(err, &httpError) && httpError.Code == http.StatusNotFound:
		return NotFound, "there is nothing at this path"
	case errors.As(err, &httpError) && httpError.Code == http.StatusMethodNotAllowed:
		return Invalid, "this path does not take this method"
	default:
		return Internal, "something went wrong inside; the log says more"
	}
}

// retryAfter is when trouble of ours may be over, in seconds.
const retryAfter = 5

// writeError is the one place where an error becomes an answer.
func (s *Server) writeError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	kind, message := classify(err)
	status := statusOf[kind]
	wait, waits := errors.AsType[*admission.Refusal](err)
	switch {
	case waits: // is counted and the owner hears of it; a line for each would drown the log
		c.Response().Header().Set("Retry-After", strconv.Itoa(wait.Seconds()))
	case status == http.StatusServiceUnavailable:
		c.Response().Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	if status >= http.StatusInternalServerError && !waits {
		s.Logger.Error("a request failed", "method", c.Request().Method, "route", c.Path(), "kind", kind, "error", err)
	}
	if kind == Unauthorized {
		c.Response().Header().Set("WWW-Authenticate", "Bearer")
	}
	if err := c.JSON(status, Error{Error: ErrorBody{Kind: string(kind), Message: message}}); err != nil {
		s.Logger.Debug("an error could not be written", "error", err)
	}
}
