// Package trivyoperator reads the reports that trivy-operator broadcasts from a
// Kubernetes cluster: the custom resource itself, an array of them, or the wrapper
// {"verb": "update" or "delete", "operatorObject": …}.
//
// A report is one alert, about one container or resource: a report lists hundreds of
// findings, and the people who fix them fix the image. It fires while any count of its
// summary is not zero, with the highest of them as its severity ("critical" … "low",
// "unknown"), and has ended when all are zero or the report was deleted. The operator
// re-uses one object when it tells of deletions, so a deletion is believed only if it
// names kind and name. A report without a summary is rejected rather than read as clean.
//
//	identity  kind/namespace/name (the uid changes when a report is made anew)
//	compliance reports: the number of failing controls, the highest of their severities
//	SBOM reports: taken without an alert
//
// Every report comes again when the operator starts, and its answer code is ignored there.
// There is no signature; the operator can send a header, so a bearer token guards it.
//
// Reference: https://aquasecurity.github.io/trivy-operator/latest/tutorials/integrations/webhook/
package trivyoperator
