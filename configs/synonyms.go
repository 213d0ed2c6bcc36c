package configs

import (
	"slices"
	"strings"
)

// synonyms are keys of other systems, and what they may be called here: the first of them
// that may stand in that place.
var synonyms = map[string][]string{
	"tz": {"time_zone", "location"}, "timezone": {"time_zone", "location"}, "time_zone": {"location"}, "zone": {"time_zone", "location"},

	"members": {"participants", "users"}, "users": {"participants", "members"}, "user": {"participants", "members"}, "people": {"participants", "members", "users"},

	"length": {"every"}, "rotation_length": {"every"}, "turn_length": {"every"}, "rotation_turn_length_seconds": {"every"},
	"period": {"every"}, "interval": {"every"}, "frequency": {"every"}, "duration": {"every"},

	"handoff": {"start"}, "handoff_time": {"start"}, "hand_off": {"start"}, "handover": {"start"}, "rotation_start": {"start"}, "rotation_virtual_start": {"start"},
	"start": {"from"}, "start_date": {"start", "from"}, "start_time": {"start", "from"}, "starts_at": {"start", "from"},
	"end": {"to", "until"}, "end_date": {"to", "until"}, "end_time": {"to", "until"}, "ends_at": {"to", "until"}, "until": {"to"}, "to": {"until"},

	"weekdays": {"days"}, "days_of_week": {"days"}, "by_day": {"days"}, "restrictions": {"windows"},
}

// synonym is the key that somebody means who writes that of another system, or "".
func synonym(key string, keys []string) string {
	for _, ours := range synonyms[strings.ReplaceAll(strings.ToLower(key), "-", "_")] {
		if slices.Contains(keys, ours) {
			return ours
		}
	}
	return ""
}
