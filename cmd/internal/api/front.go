package api

import (
	"context"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/paging"
)

// Front takes what comes in from outside: the engine, or what stands before it while a shared
// store is away.
type Front interface {
	Ingest(ctx context.Context, d engine.Delivery) (engine.Summary, error)
	Reply(ctx context.Context, in engine.Text) (string, error)
	Report(ctx context.Context, reports []paging.Report) error
	Do(ctx context.Context, id paging.IncidentID, cmd escalation.Command) (escalation.Outcome, error)
}
