package schedules

import "time"

// UserID names a person, as in the configuration.
type UserID string

// Spec describes a schedule as an admin writes it.
type Spec struct {
	Name      string
	Owner     UserID // hears of weaknesses; not on call by this
	TimeZone  string // IANA name, such as Europe/Berlin; required
	Layers    []Layer
	Fallback  []UserID // serve whenever the layers leave nobody on call
	Away      []Away
	Overrides []Override // after everybody's time off; see [Override] for their order
}

// RoleShadow is the role of layers whose people learn: they are never on call.
const RoleShadow = "shadow"

// Layer is one line of duty, such as "primary": who serves in turn ([Rotation]), or at fixed
// times ([Fixed]), within its windows.
type Layer struct {
	Name      string
	Role      string // free label that look-ups may use like a name; [RoleShadow] is special
	Priority  int    // higher hides lower while it has somebody; equal ones serve together
	TimeZone  string // IANA name; "" means that of the schedule
	Rotation  Rotation
	Fixed     []Fixed  // instead of a rotation, as read from a calendar; not nil even if it is empty
	Windows   []Window // when the layer serves at all; none means always
	Effective Period   // from when to when the layer exists, on its own clock
	Away      AwayRule

	// What a rollout pins ([Roll]); an admin does not write these.
	Since  time.Time // this description holds from here on; zero: always
	Before []Layer   // what held before, oldest first, each until the next one's Since, the first also before its own
}

// Rotation hands on-call duty from group to group on the local wall clock.
type Rotation struct {
	Every        Every
	Sequence     []Every    // instead of Every: turns of unequal length, in a cycle
	Start        Civil      // first hand-off; before it nobody is on call
	Participants [][]UserID // the groups in turn; an empty group is a deliberate gap
	Step         Step
	Elapsed      bool   // hours that pass, not hours of the wall clock: hand-offs drift over DST
	Of           string // use the rotation of that layer, on this layer's clock and with its windows; only Offset may be set beside it
	Offset       int    // who serves is that many places further on: 1 is the secondary of 0; adds to that of the other layer
	First        int    // index of the group that serves turn 0; set by rollouts
}

// Step says when a rotation moves on.
type Step string

// The steps of a rotation.
const (
	StepPeriod Step = "" // every turn of the clock, whether a window falls in it or not
	// After every so many windows, of which those that begin together count once: Every counts
	// windows, its unit is days. The first is that open at Start, or else the first after it.
	StepOccurrence Step = "occurrence"
)

// Fixed is a shift at a fixed time, such as an event of a calendar.
type Fixed struct {
	From, To time.Time
	Users    []UserID
}

// Window is a daily span of the wall clock in which a layer serves. Its end is on the next day
// when To is not after From; equal ones make 24 hours. Around a change of the clock it begins
// with the first occurrence of From and ends with the last of To.
type Window struct {
	Days     []time.Weekday // on which it begins; none means every day
	From, To int            // seconds since midnight, 0 to 86400
}

// Period is from From up to, not including, Until; a zero end is open.
type Period struct{ From, Until Civil }

// AwayRule says what time off does to a layer.
type AwayRule struct {
	Use  []string // kinds of time off that count; none means all
	Then AwayThen
}

// AwayThen is what happens in the turn of somebody who is away. Of a group, those who are
// there serve alone.
type AwayThen string

// What happens when a whole group is away.
const (
	AwaySkip      AwayThen = ""           // the next who is there serves meanwhile; the order stays
	AwayGap       AwayThen = "gap"        // nobody serves, and lower layers stay hidden
	AwayNextLayer AwayThen = "next-layer" // nobody serves here, and lower layers show
)

// Away is time off, between two wall clocks of the schedule's zone or at the spans given.
type Away struct {
	Users    []UserID
	Kind     string // such as "vacation" or "holidays"
	From, To Civil  // from the first occurrence of From up to, not including, the last of To
	Spans    []Span // instead of From and To
}

// Span is from Start up to, not including, End.
type Span struct{ Start, End time.Time }

// OverrideType says what an [Override] does.
type OverrideType string

// The kinds of overrides.
const (
	Replace  OverrideType = "replace" // Add serves instead of Remove, wherever Remove is on call in turn or at fixed times; no Remove: instead of everybody, or of nobody
	Addition OverrideType = "add"     // Add serves as well, whatever priority hides and other overrides (but Only) say
	Removal  OverrideType = "remove"  // Remove does not serve in turn or at fixed times
	Only     OverrideType = "only"    // the Shifts are all there is, whatever other overrides say; between them only the fallback serves
	Swap     OverrideType = "swap"    // A and B take each other's duty: two replacements, one unit
)

// Override changes who is on call for a while. From and To are wall clocks in
// the schedule's zone: in a fold From is the first occurrence, To the last.
//
// Those that are active on a layer apply as follows, wherever they stand in the list: first
// [Replace], [Removal] and [Swap], in their order, to those who serve in turn or at fixed times;
// each sees what those before it left. Then [Addition], in their order: who serves already keeps
// their place. So nobody who was added is replaced or removed. An [Only] stands for all of that;
// of several the last.
type Override struct {
	ID     string       `json:"id,omitempty"` // names it in the source of a shift; may be empty
	Type   OverrideType `json:"type"`
	From   Civil        `json:"from,omitzero"` // from From up to, not including, To; not of a swap
	To     Civil        `json:"to,omitzero"`
	Add    UserID       `json:"add,omitempty"`
	Remove UserID       `json:"remove,omitempty"`
	Layers []string     `json:"layers,omitempty"` // names or roles; none means every layer but shadows
	Shifts []OnlyShift  `json:"shifts,omitempty"` // of Only; none, with Add: Add for the whole time
	A      SwapSide     `json:"a,omitzero"`       // of Swap
	B      SwapSide     `json:"b,omitzero"`
}

// OnlyShift is one of the shifts of an override that hides every layer.
type OnlyShift struct {
	From  Civil    `json:"from"`
	To    Civil    `json:"to"`
	Users []UserID `json:"users"`
}

// SwapSide is the duty of one of two who swap: the other serves it.
type SwapSide struct {
	User UserID `json:"user"`
	From Civil  `json:"from"`
	To   Civil  `json:"to"`
}
