package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// backupTimeout bounds how long a backup may take to be fetched.
const backupTimeout = 6 * time.Hour

// Backup fetches a backup of the server's store.
func (c *Client) Backup(ctx context.Context, w io.Writer) error { return c.fetch(ctx, w, "backup") }

// Evidence fetches the bundle of evidence about an incident.
func (c *Client) Evidence(ctx context.Context, id string, w io.Writer) error {
	return c.fetch(ctx, w, "incidents", id, "evidence")
}

// fetch copies an answer that is a file.
func (c *Client) fetch(ctx context.Context, w io.Writer, path ...string) error {
	req, err := c.request(ctx, http.MethodGet, nil, nil, path)
	if err != nil {
		return err
	}
	slow := *c.http
	slow.Timeout = backupTimeout
	res, err := slow.Do(req)
	if err != nil {
		return c.unreachable(err)
	}
	defer func() { _ = res.Body.Close() }() // read to its end or given up
	if res.StatusCode != http.StatusOK {
		data, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswer)) // the status says enough without it
		return c.refusal(res.StatusCode, data)
	}
	if _, err := io.Copy(w, res.Body); err != nil {
		return fmt.Errorf("the answer of %s broke off: %w", c.base.Host, err)
	}
	return nil
}
