package routing

import (
	"strconv"

	"github.com/prometheus/alertmanager/pkg/labels"
)

// SeverityMatcherUnsatisfiable says whether m asks `severity` for something that no step
// of the scale is, as a matcher taken over from Alertmanager does (`severity="critical"`).
// The suggestion, ready for a message, names what to write instead. The matcher must come
// from [labels.NewMatcher] or the parser.
func SeverityMatcherUnsatisfiable(m *labels.Matcher, scale Scale) (unsatisfiable bool, suggestion string) {
	if m == nil || m.Name != LabelSeverity {
		return false, ""
	}
	for i := range scale.Levels {
		if m.Matches(string(scale.Levels[i].Name)) {
			return false, ""
		}
	}
	word := LabelSeverityWord + m.Type.String() + strconv.Quote(m.Value)
	suggestion = word + " (what the source says)"
	if m.Type == labels.MatchEqual {
		if step, known := scale.FromWord(m.Value); known {
			return true, LabelSeverity + "=" + strconv.Quote(string(step)) + " (the step) or " + suggestion
		}
	}
	return true, suggestion
}
