package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tocsin/cmd/internal/api"
	"tocsin/configs/history"
	"tocsin/schedules"
)

// Status tells what runs there.
func (c *Client) Status(ctx context.Context) (s api.Status, err error) {
	return s, c.do(ctx, http.MethodGet, nil, nil, &s, "status")
}

// Revisions describes the last revisions of the configuration, newest first.
func (c *Client) Revisions(ctx context.Context, limit int) (list []history.Meta, err error) {
	return list, c.do(ctx, http.MethodGet, url.Values{"limit": {strconv.Itoa(limit)}}, nil, &list, "config", "revisions")
}

// Revision shows one revision with its files; 0 is the active one.
func (c *Client) Revision(ctx context.Context, number uint64) (r history.Revision, err error) {
	if number == 0 {
		return r, c.do(ctx, http.MethodGet, nil, nil, &r, "config")
	}
	return r, c.do(ctx, http.MethodGet, nil, nil, &r, "config", "revisions", strconv.FormatUint(number, 10))
}

// planTimeout bounds what may run through weeks of history.
const planTimeout = 5 * time.Minute

// patient is the client for that.
func (c *Client) patient() *Client {
	slow, copied := *c.http, *c
	slow.Timeout = planTimeout
	copied.http = &slow
	return &copied
}

// PlanConfig tells what a proposal would do.
func (c *Client) PlanConfig(ctx context.Context, p history.Proposal) (change history.Change, err error) {
	return change, c.patient().do(ctx, http.MethodPost, nil, p, &change, "config", "plan")
}

// ApplyConfig puts a proposal in force.
func (c *Client) ApplyConfig(ctx context.Context, p history.Proposal) (change history.Change, err error) {
	return change, c.patient().do(ctx, http.MethodPost, nil, p, &change, "config")
}

// Overlay shows what is arranged beside the configuration.
func (c *Client) Overlay(ctx context.Context) (o history.Overlay, err error) {
	return o, c.do(ctx, http.MethodGet, nil, nil, &o, "overrides")
}

// AddOverride arranges an override or a swap.
func (c *Client) AddOverride(ctx context.Context, x history.Override) (o history.Overlay, err error) {
	return o, c.do(ctx, http.MethodPost, nil, x, &o, "overrides")
}

// RemoveOverride takes an override or a request for cover back.
func (c *Client) RemoveOverride(ctx context.Context, id string) (o history.Overlay, err error) {
	return o, c.do(ctx, http.MethodDelete, nil, nil, &o, "overrides", id)
}

// AskCover asks for somebody who serves instead.
func (c *Client) AskCover(ctx context.Context, x history.Cover) (o history.Overlay, err error) {
	return o, c.do(ctx, http.MethodPost, nil, x, &o, "covers")
}

// TakeCover has a user serve instead of whoever asked.
func (c *Client) TakeCover(ctx context.Context, id string, user schedules.UserID) (o history.Overlay, err error) {
	return o, c.do(ctx, http.MethodPost, nil, api.Taking{User: user}, &o, "covers", id, "take")
}

// CalendarLink is the address of the feed of a schedule or of a user; the other is "".
func (c *Client) CalendarLink(ctx context.Context, schedule, user string) (l api.CalendarLink, err error) {
	q := url.Values{}
	for name, value := range map[string]string{"schedule": schedule, "user": user} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return l, c.do(ctx, http.MethodGet, q, nil, &l, "calendar-links")
}

// OnCall tells who is on call there; layer "" asks all, and the zero time means now.
func (c *Client) OnCall(ctx context.Context, schedule, layer string, at time.Time) (o api.OnCall, err error) {
	q := url.Values{"schedule": {schedule}, "layer": {layer}}
	if !at.IsZero() {
		q.Set("at", at.UTC().Format(time.RFC3339))
	}
	return o, c.do(ctx, http.MethodGet, q, nil, &o, "on-call")
}
