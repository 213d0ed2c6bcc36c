package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"tocsin/cmd/internal/api"
	"tocsin/cmd/internal/auditor"
	"tocsin/escalation/audit"
)

// AuditHead tells where the audit log ends.
func (c *Client) AuditHead(ctx context.Context) (head audit.Head, err error) {
	return head, c.do(ctx, http.MethodGet, nil, nil, &head, "audit", "head")
}

// AuditRecords lists records before that number (0: from the end), newest first.
func (c *Client) AuditRecords(ctx context.Context, before uint64, limit int) ([]auditor.Line, error) {
	q := url.Values{"limit": {strconv.Itoa(limit)}}
	if before > 0 {
		q.Set("before", strconv.FormatUint(before, 10))
	}
	var list api.AuditList
	err := c.do(ctx, http.MethodGet, q, nil, &list, "audit")
	return list.Records, err
}

// VerifyAudit has the server hold its store against its audit log.
func (c *Client) VerifyAudit(ctx context.Context, anchors ...audit.Anchor) (r auditor.Report, err error) {
	q := url.Values{}
	for _, a := range anchors {
		q.Add("anchor", a.String())
	}
	return r, c.patient().do(ctx, http.MethodGet, q, nil, &r, "audit", "verify")
}
