package api

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

const (
	pageSize    = 50
	maxPageSize = 500
	maxMembers  = 1000
)

// listIncidents shows open incidents, or with ?all=true every one, newest first.
func (s *Server) listIncidents(c echo.Context) error {
	f := store.Filter{Open: c.QueryParam("all") != "true", Limit: pageSize, Before: paging.IncidentID(c.QueryParam("before"))}
	if text := c.QueryParam("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxPageSize {
			return faulty(Invalid, "limit must be a number from 1 to "+strconv.Itoa(maxPageSize), err)
		}
		f.Limit = n
	}
	incidents, err := s.Store.List(c.Request().Context(), f)
	if err != nil {
		return faulty(Unavailable, "the store cannot be read", err)
	}
	list := IncidentList{Incidents: make([]Incident, len(incidents))}
	for i := range incidents {
		list.Incidents[i] = view(&incidents[i])
	}
	if n := len(incidents); n == f.Limit {
		list.Next = incidents[n-1].ID
	}
	return c.JSON(http.StatusOK, list)
}

// showIncident shows one incident with its alerts, attempts and timeline.
func (s *Server) showIncident(c echo.Context) error {
	ctx, id := c.Request().Context(), paging.IncidentID(c.Param("id"))
	loaded, err := s.Store.Load(ctx, []store.Query{{ID: id}})
	if err != nil {
		return faulty(Unavailable, "the store cannot be read", err)
	}
	if loaded[0].Incident == nil {
		return store.ErrNotFound
	}
	d := IncidentDetail{Incident: view(loaded[0].Incident)}
	if d.Members, err = s.Store.MembersOf(ctx, id, maxMembers); err == nil {
		d.Attempts, err = s.Store.AttemptsOf(ctx, id)
	}
	if err == nil {
		d.Timeline, err = s.Store.Timeline(ctx, id)
	}
	if err != nil {
		return faulty(Unavailable, "the store cannot be read", err)
	}
	for i := range d.Attempts {
		d.Attempts[i].Token = "" // the right to send is nobody's business
	}
	return c.JSON(http.StatusOK, d)
}

func view(i *escalation.Incident) Incident {
	return Incident{
		ID: i.ID, State: i.State, Quiet: i.Quiet, Severity: i.Severity, Title: i.Title, Where: i.Where,
		Policy: i.Policy, Route: i.Route, Reasons: i.Reasons, Labels: i.Lead.Labels, Links: i.Lead.Links,
		Position: i.Position, Run: i.Run, Ack: i.Ack, Ending: i.Ending, SLAs: i.SLAs,
		Firing: i.Firing, Ended: i.Ended, Count: i.Count,
		OpenedAt: i.OpenedAt, LastSeen: i.LastSeen, NextDueAt: i.NextDue(), Test: i.Test,
	}
}
