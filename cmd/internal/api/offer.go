package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"tocsin/escalation/engine"
)

const (
	// OfferPath is where a process offers a reply to another.
	OfferPath = "/internal/replies"
	// PeerSignature is the header with the signature of the body, by the secret of the store.
	PeerSignature = "Tocsin-Peer-Signature"
	// offerFresh is how old an offer may be, and how far its clock may be off.
	offerFresh = time.Minute
)

// Offer is a reply that a process cannot do anything with.
type Offer struct {
	ID   string    `json:"id"`
	From string    `json:"from"`
	Body string    `json:"body"`
	At   time.Time `json:"at"`
}

// Offered is what became of it.
type Offered struct {
	Taken  bool   `json:"taken"`
	Answer string `json:"answer,omitempty"`
}

// PeerFront takes what other processes of the installation say.
type PeerFront struct {
	Valid func(message []byte, signature string) bool
	Take  func(ctx context.Context, in engine.Text) (answer string, taken bool, err error)
}

// offered takes a reply from another process. An offer twice has one effect: replies carry ids.
func (s *Server) offered(c echo.Context) error {
	if s.Peers == nil {
		return faulty(Unauthorized, "this process shares no store with others", nil)
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, formLimit))
	if err != nil {
		return faulty(Invalid, "the body could not be read", err)
	}
	if !s.Peers.Valid(body, c.Request().Header.Get(PeerSignature)) {
		return faulty(Unauthorized, "the signature does not fit", nil)
	}
	var o Offer
	if err := json.Unmarshal(body, &o); err != nil {
		return faulty(Invalid, "the body is no offer", err)
	}
	if s.Engine.Now().Sub(o.At).Abs() > offerFresh {
		return faulty(Unauthorized, "the offer is too old", nil)
	}
	answer, taken, err := s.Peers.Take(c.Request().Context(), engine.Text{ID: o.ID, From: o.From, Body: o.Body})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, Offered{Taken: taken, Answer: answer})
}
