package sarif

import (
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"tocsin/routing/source"
)

// isFinding says whether somebody should hear of a result.
func (in *result) isFinding() bool {
	switch in.Kind {
	case "pass", "notApplicable", "informational":
		return false
	}
	for _, s := range in.Suppress.V {
		if s.Status == "" || s.Status == "accepted" { // absent means accepted, §3.35.3
			return false
		}
	}
	return true
}

// rule finds what describes the result: by index, else by id, in the tool or in one of
// its extensions (§3.27.7). An index counts more than the id: the ids of a hierarchy
// ("CA1000/1") name no rule of their own.
func (r *run) rule(in *result) *rule {
	ref, rules := in.Rule.V, r.Tool.Driver.Rules
	if i := ref.Component.V.Index.Int(); i >= 0 && i < len(r.Tool.Extensions) {
		rules = r.Tool.Extensions[i].Rules
	}
	for _, index := range []source.Text{in.RuleIndex, ref.Index} {
		if i := index.Int(); i >= 0 && i < len(rules) {
			return &rules[i]
		}
	}
	id := source.First(string(in.RuleID), string(ref.ID))
	for levels := 0; id != "" && levels < 8 && len(id) <= source.MaxLabelValue; levels++ {
		if ru := r.byID[id]; ru != nil {
			return ru
		}
		id = id[:max(strings.LastIndexByte(id, '/'), 0)]
	}
	return &rule{}
}

// indexRules makes rules found by id; the tool's own count before those of extensions.
func (r *run) indexRules() {
	r.byID = map[string]*rule{}
	for _, c := range append([]component{r.Tool.Driver}, r.Tool.Extensions...) {
		for i := range c.Rules {
			if id := string(c.Rules[i].ID); r.byID[id] == nil {
				r.byID[id] = &c.Rules[i]
			}
		}
	}
}

// level follows §3.27.10: a result that is no failure has the level none.
func (in *result) level(ru *rule) string {
	if in.Level != "" {
		return string(in.Level)
	}
	if in.Kind != "" && in.Kind != "fail" {
		return "none"
	}
	return source.First(string(ru.Default.V.Level), "warning")
}

// severityWord prefers the security severity to the level: some tools write one level
// for everything, and some write a level that disagrees.
func severityWord(in *result, ru *rule, level string) string {
	number := source.First(string(in.Props.V.SecuritySeverity), string(ru.Props.V.SecuritySeverity))
	score, ok := decimal(number)
	if !ok {
		return level
	}
	for _, step := range []struct {
		word string
		from int64
	}{{"critical", 9}, {"high", 7}, {"medium", 4}} {
		if score.Cmp(big.NewRat(step.from, 1)) >= 0 {
			return step.word
		}
	}
	if score.Sign() > 0 {
		return "low"
	}
	return "info"
}

// decimal reads "8.2" exactly. Only what a score can look like: no exponents, whose size
// a sender could choose to exhaust memory.
func decimal(s string) (*big.Rat, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 32 || strings.Trim(s, "0123456789.") != "" || !strings.ContainsAny(s, "0123456789") {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

// text is the message, looked up in the rule when the result holds only its id (§3.11.7).
func (in *result) text(ru *rule) string {
	m := in.Message.V
	if m.Text == "" && m.ID != "" {
		m.Text = ru.Messages.V[string(m.ID)].Text
	}
	text := string(m.Text)
	for i, arg := range m.Arguments.V[:min(len(m.Arguments.V), 10)] {
		text = strings.ReplaceAll(text, "{"+strconv.Itoa(i)+"}", source.Line(string(arg), source.MaxLabelValue))
		if len(text) > 2*source.MaxDescription {
			break
		}
	}
	return text
}

func (in *result) path() string {
	if len(in.Locations.V) == 0 {
		return ""
	}
	return string(in.Locations.V[0].Physical.Artifact.URI)
}

// line is ":41" when the place has a line.
func (in *result) line() string {
	if n := in.Locations.V[0].Physical.Region.V.StartLine; n != "" {
		return ":" + string(n)
	}
	return ""
}

// fingerprint names the finding within its tool and rule.
func (in *result) fingerprint(path, message string) string {
	for _, raw := range []jsontext.Value{in.Partial, in.Full} {
		if s := pairs(raw); s != "" {
			return s
		}
	}
	return "sha256:" + source.Digest(path, message)
}

// pairs writes an object as "k=v,k=v" in the order of its names; a value that is not a
// string (real files have objects) stays as its JSON text, without space.
func pairs(raw jsontext.Value) string {
	var m map[string]jsontext.Value
	if source.Kind(raw) != '{' || source.Unmarshal(raw, &m) != nil {
		return ""
	}
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		v := m[k]
		text := source.Text("")
		if source.Kind(v) == '"' && source.Unmarshal(v, &text) == nil {
			out = append(out, k+"="+string(text))
			continue
		}
		_ = v.Compact() // it was parsed a moment ago; uncompacted it is an identity as well
		out = append(out, k+"="+string(v))
	}
	return strings.Join(out, ",")
}

func (r *run) repository() string {
	if len(r.Versions.V) == 0 {
		return ""
	}
	return string(r.Versions.V[0].Repository)
}
