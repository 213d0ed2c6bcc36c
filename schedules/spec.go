package schedules

// UserID names a person, as in the configuration.
type UserID string

// Spec describes a schedule as an admin writes it.
type Spec struct {
	Name      string
	Owner     UserID // hears of weaknesses; not on call by this
	TimeZone  string // IANA name, such as Europe/Berlin; required
	Layers    []Layer
	Overrides []Override // applied in this order
}

// Layer is one rotation with a name, such as "primary".
type Layer struct {
	Name     string
	TimeZone string // IANA name; "" means that of the schedule
	Rotation Rotation
}

// Rotation hands on-call duty from group to group on the local wall clock.
type Rotation struct {
	Every        Every
	Start        Civil      // first hand-off; before it nobody is on call
	Participants [][]UserID // the groups in turn; an empty group is a deliberate gap
}

// OverrideType says what an [Override] does.
type OverrideType string

// The kinds of overrides.
const (
	Replace  OverrideType = "replace" // Add serves instead of Remove, wherever Remove is on call; no Remove: instead of everybody
	Addition OverrideType = "add"     // Add serves as well
	Removal  OverrideType = "remove"  // Remove does not serve
)

// Override changes who is on call for a while. From and To are wall clocks in
// the schedule's zone: in a fold From is the first occurrence, To the last.
type Override struct {
	Type     OverrideType
	From, To Civil // from From up to, not including, To
	Add      UserID
	Remove   UserID
	Layers   []string // names; none means every layer
}
