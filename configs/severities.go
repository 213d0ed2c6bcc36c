package configs

import (
	"slices"
	"strings"
	"time"

	"tocsin/routing"
)

// everyOther is the key for all severities that are not named.
const everyOther = "default"

// defaultLevels is the scale of a configuration that names none.
func defaultLevels() []routing.Level {
	return []routing.Level{
		{Name: "P0", Words: []string{"critical", "fatal", "emergency", "disaster", "page"}, Urgency: routing.Urgent, RespondWithin: 5 * time.Minute},
		{Name: "P1", Words: []string{"high", "error"}, Urgency: routing.Urgent, RespondWithin: time.Hour},
		{Name: "P2", Words: []string{"medium", "warning", "moderate"}, Urgency: routing.Normal, RespondWithin: 4 * time.Hour},
		{Name: "P3", Words: []string{"low", "info", "note", "none"}, Urgency: routing.Low, RespondWithin: 24 * time.Hour},
	}
}

// severities reads the scale and its default step.
func (r *reader) severities() routing.Scale {
	scale := routing.Scale{}
	n, configured := r.sections["severities"]
	if configured {
		claimed := words{r: r, by: map[string]claim{}}
		items := r.list(n)
		for _, item := range items {
			if level, ok := r.level(item, claimed); ok {
				scale.Levels = append(scale.Levels, level)
			}
		}
		if n.kind() == "a list" && len(items) == 0 {
			r.fail(n, "the list is empty; name a step, or remove the key for P0 to P3")
		}
	}
	if len(scale.Levels) == 0 { // also after a fault, so that reading can go on
		scale.Levels = defaultLevels()
	}
	scale.Default = scale.Levels[min(2, len(scale.Levels)-1)].Name
	if scale.Has("P2") {
		scale.Default = "P2"
	}
	r.scale = scale
	if n, ok := r.sections["default_severity"]; ok {
		if s, ok := r.severity(n); ok {
			scale.Default = s
		}
	}
	return scale
}

func (r *reader) level(item node, claimed words) (routing.Level, bool) {
	f, ok := r.mapping(item, "name", "words", "urgency", "respond_within", "resolve_within", "acknowledge_expires", "degraded")
	if !ok {
		return routing.Level{}, false
	}
	level := routing.Level{
		Urgency:            routing.Normal,
		RespondWithin:      f.duration("respond_within", 0),
		ResolveWithin:      f.duration("resolve_within", 0),
		AcknowledgeExpires: f.duration("acknowledge_expires", routing.DefaultAcknowledgeExpires),
	}
	if n, ok := f.need("urgency"); ok {
		level.Urgency = r.urgency(n)
	}
	if n, ok := f.get("degraded"); ok {
		level.Degraded = r.degraded(n)
	}
	name := f.name()
	if name == everyOther {
		r.fail(f.m["name"], "a severity cannot be called %q: that word stands for all others", name)
		name = ""
	}
	if name == "" {
		return level, false
	}
	level.Name = routing.Severity(name)
	if !claimed.takeName(f.m["name"], name) {
		return level, false
	}
	for _, n := range f.list("words") {
		if word, ok := r.text(n); ok && claimed.takeWord(n, word, name) {
			level.Words = append(level.Words, word)
		}
	}
	if level.ResolveWithin > 0 && level.ResolveWithin < level.RespondWithin {
		r.fail(f.m["resolve_within"], "resolve_within is shorter than respond_within; an incident is answered before it is resolved")
	}
	return level, true
}

func urgencies() []string {
	return []string{string(routing.Urgent), string(routing.Normal), string(routing.Low)}
}

func (r *reader) urgency(n node) routing.Urgency {
	s, ok := r.text(n)
	if ok && !slices.Contains(urgencies(), s) {
		r.fail(n, "urgency %q is unknown%s", s, suggestion(s, urgencies()))
		ok = false
	}
	if !ok {
		return routing.Normal
	}
	return routing.Urgency(s)
}

// degraded reads what becomes of a severity while the shared store is away.
func (r *reader) degraded(n node) routing.Degraded {
	kinds := []string{string(routing.DegradedPage), string(routing.DegradedKeep)}
	s, ok := r.text(n)
	if ok && !slices.Contains(kinds, s) {
		r.fail(n, "degraded %q is unknown; page: at once by the process that took it, keep: when the store is back%s", s, suggestion(s, kinds))
	}
	return routing.Degraded(s)
}

// words are what sources say, and names of steps: each stands for one step only.
type words struct {
	r  *reader
	by map[string]claim
}

type claim struct {
	step string
	at   node
	name bool // the word is the step's own name
}

func (w words) takeName(n node, step string) bool { return w.take(n, step, claim{step, n, true}) }

func (w words) takeWord(n node, word, step string) bool {
	return w.take(n, word, claim{step, n, false})
}

func (w words) take(n node, word string, c claim) bool {
	key := strings.ToLower(strings.TrimSpace(word))
	first, taken := w.by[key]
	switch {
	case !taken:
		w.by[key] = c
		return true
	case c.name && first.name:
		w.r.fail(n, "severity %q is defined twice; it is also in %s", word, first.at.where())
	case first.step != c.step:
		w.r.fail(n, "word %q is claimed by %s and by %s (%s); keep one", word, c.step, first.step, first.at.where())
	case first.name:
		return true // a step may list its own name
	default:
		w.r.fail(n, "word %q is listed twice; once is enough", word)
	}
	return false
}

// bySeverity reads either one value for all severities, or a mapping from severities and
// "default" to values. whole says whether every severity has a value.
func bySeverity[T any](r *reader, n node, read func(node) (T, bool)) (by map[routing.Severity]T, other T, whole bool) {
	if n.kind() != "a mapping" {
		other, _ = read(n)
		return nil, other, true
	}
	by = map[routing.Severity]T{}
	covered := map[routing.Severity]bool{}
	r.each(n, func(key string, at, value node) {
		if key == everyOther {
			whole = true
			other, _ = read(value)
			return
		}
		step, ok := r.step(at, key)
		covered[step] = true
		if v, good := read(value); ok && good {
			by[step] = v
		}
	})
	if !whole {
		whole = !slices.ContainsFunc(r.scale.Levels, func(l routing.Level) bool { return !covered[l.Name] })
	}
	return by, other, whole
}
