// Package sarif reads SARIF 2.1.0, the format in which static analysers and scanners
// report findings; a pipeline posts the file as it is.
//
// Every result of every run is an alert, but for what is no finding (kind pass,
// notApplicable, informational) and what somebody accepted (a suppression whose status is
// accepted, or absent, which means the same). A result whose baselineState is absent has
// ended. Other results fire, new or not: the engine knows a repeat.
//
// A file says nothing of findings that it does not list: it may be of another repository
// or another folder. So a group is never complete and findings end by silence, or by
// baselineState.
//
//	severity  security-severity of the result or its rule (≥ 9 critical, ≥ 7 high,
//	          ≥ 4 medium, > 0 low, 0 info), else the level: of the result, of its rule, "warning"
//	identity  tool, rule, and partialFingerprints, else fingerprints, else a hash of
//	          place and message; the repository too when the run names it
//	group     the tool, and the run's automationDetails.id
//
// Results with one identity in one body are one alert, which fires if any of them does.
//
// There is no signature and no header; a bearer or URL token guards an integration.
//
// Reference: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
package sarif
