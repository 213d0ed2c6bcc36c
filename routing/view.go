package routing

// The labels that every alert has for matchers, whatever its source sends. They hide
// labels of the same name.
const (
	LabelSeverity     = "severity"      // the step of the scale
	LabelSeverityWord = "severity_word" // the source's own word, exactly as it was sent
	LabelSource       = "source"
	LabelIntegration  = "integration"
)

// view is how matchers see an alert. It reads through to the alert's labels, because
// a merged map per alert would cost more than the matching itself.
type view struct {
	labels       map[string]string
	severity     Severity
	severityWord string
	source       string
	integration  string
}

func viewOf(a *Alert, severity Severity) view {
	return view{
		labels:       a.Labels,
		severity:     severity,
		severityWord: a.SeverityWord,
		source:       a.Source,
		integration:  a.Integration,
	}
}

// get returns the value of a label, "" when the alert has none.
func (v *view) get(name string) string {
	switch name {
	case LabelSeverity:
		return string(v.severity)
	case LabelSeverityWord:
		return v.severityWord
	case LabelSource:
		return v.source
	case LabelIntegration:
		return v.integration
	}
	return v.labels[name]
}

// isVirtual says whether every alert has this label, whatever its source sends.
func isVirtual(name string) bool {
	switch name {
	case LabelSeverity, LabelSeverityWord, LabelSource, LabelIntegration:
		return true
	}
	return false
}
