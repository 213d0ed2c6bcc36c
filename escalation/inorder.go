package escalation

import "tocsin/routing"

// InOrder splits the alerts of one body into parts of one kind each, in the order in which
// they are to be judged. Firings go first, unless one identity comes more than once: then the
// order of the body is kept.
func InOrder(alerts []routing.Alert) [][]routing.Alert {
	var firing, other []routing.Alert
	seen := map[string]bool{}
	for _, a := range alerts {
		if seen[a.Identity] {
			return runsOf(alerts)
		}
		seen[a.Identity] = true
		if a.Status == routing.Firing {
			firing = append(firing, a)
		} else {
			other = append(other, a)
		}
	}
	var parts [][]routing.Alert
	for _, part := range [][]routing.Alert{firing, other} {
		if len(part) > 0 {
			parts = append(parts, part)
		}
	}
	return parts
}

func runsOf(alerts []routing.Alert) [][]routing.Alert {
	var parts [][]routing.Alert
	for _, a := range alerts {
		last := len(parts) - 1
		if last >= 0 && (parts[last][0].Status == routing.Firing) == (a.Status == routing.Firing) {
			parts[last] = append(parts[last], a)
			continue
		}
		parts = append(parts, []routing.Alert{a})
	}
	return parts
}
