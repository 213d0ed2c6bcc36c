// Package alertmanager reads what Prometheus Alertmanager posts to a webhook (body
// version 4, and version 3 of 2016 with its numeric group key), and what Prometheus posts
// to an Alertmanager (the array of POST /api/v2/alerts).
//
// Each alert is judged alone. The status of the body says "firing" if any alert fires and
// lies under max_alerts, so it is never read. The identity is the fingerprint of the
// label set, which stays the same from firing to resolved; where an old sender leaves it
// out it is computed as Prometheus does. The group key is the group. A group counts as
// complete only when the body says that nothing was truncated.
//
// The same body is sent again on purpose (repeat_interval, high-availability pairs), so
// there is no delivery identity: the engine knows a repeat by its alerts.
//
// The usual body is decoded in one go, and its depth is counted on the way. When that fails, a
// second, tolerant reading takes each alert alone, so that one bad alert costs only itself.
//
// References: Alertmanager, docs/configuration.md (webhook_config), template/template.go;
// its API v2 (postableAlerts).
package alertmanager
