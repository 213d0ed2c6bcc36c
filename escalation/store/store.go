// Package store is the seam between the engine and what keeps incidents. Its [Store]
// interface speaks domain types; storetest defines its semantics, and every
// implementation (memstore, boltstore, redisstore) passes it.
//
// # Rules that hold for all
//
//   - Commit applies each [Change] whole or not at all: incident, members, attempts, timeline
//     and timer together. The changes of one Commit are transport only: some may be refused
//     with [ErrConflict] while others are applied. A change is durable when Commit returns
//     nil for it.
//   - A [Revision] is a counter plus the random token of the commit that made it, compared
//     whole. So a commit whose answer was lost is settled by committing it again with the same
//     token: if the stored revision carries that token, it was applied, and Commit says so.
//   - At most one open incident has a given dedup key. A change that creates an incident is
//     refused with ErrConflict when another one with its key is open.
//   - Time is always passed in. No implementation reads a clock for a decision.
//   - Claims are leases: a claimed timer or attempt comes due again when its lease ends.
//   - Indexes by identity and group may name an incident that no longer holds the member,
//     never miss one that does.
package store

import (
	"context"
	"errors"
	"time"

	"tocsin/escalation"
	"tocsin/paging"
	"tocsin/routing"
)

// Errors that callers tell apart; compare with errors.Is. Any other error is trouble of the store.
var (
	// ErrConflict: the revision is no longer the expected one. Load again and judge again.
	ErrConflict = errors.New("store: it has changed in the meantime")
	// ErrFenced: the claim was taken over, canceled or settled; its holder must not go on.
	ErrFenced = errors.New("store: the claim is no longer held")
	// ErrNotFound: there is no such incident or attempt.
	ErrNotFound = errors.New("store: not found")
	// ErrNewer: the value was written by a newer version of Tocsin and is left alone.
	ErrNewer = errors.New("store: written by a newer version")
)

// SeriesKept is how many values of a series are kept, unless [Kept] says that all are.
const SeriesKept = 1000

// Revision identifies one state of an incident. The zero value means "does not exist".
type Revision struct {
	Counter uint64
	Token   string
}

// Query asks for one incident, by ID, or by Key when ID is empty: then the open incident of
// that key, or else the one that had it last.
type Query struct {
	ID       paging.IncidentID
	Key      routing.DedupKey
	Members  []escalation.MemberKey
	Attempts []paging.AttemptID
}

// Loaded is what a query found. Incident is nil when there is none. Members and attempts
// that do not exist are absent.
type Loaded struct {
	Incident *escalation.Incident // with Count and LastSeen filled in
	Revision Revision
	Members  map[escalation.MemberKey]escalation.Member
	Attempts map[paging.AttemptID]paging.Attempt
}

// Change is one guarded change of one incident.
type Change struct {
	Expected Revision             // as loaded; zero creates
	Token    string               // random, the same when the same change is committed again
	Incident *escalation.Incident // its Key and ID never change
	Due      time.Time            // earliest timer (Incident.NextDue); zero: none
	Seen     escalation.Seen      // added to the counters
	Members  []escalation.Member  // written over
	Attempts []escalation.AttemptPut
	Cancel   []escalation.AttemptCancel // planned attempts; one that has begun is left as it is
	Entries  []escalation.Entry         // appended to the timeline
}

// Committed is what became of one change.
type Committed struct {
	Revision Revision
	Err      error // nil, ErrConflict, ErrFenced, ErrNewer, or trouble
}

// Touch counts repeats of alerts that change nothing else. It is refused unless Revision is
// the present one and the incident is open. One that counts nothing (N is 0) makes sure of what
// was loaded: whether the incident is open or not, it is refused when Revision is not the present
// one, and else that revision is as safe as if it had been committed now.
type Touch struct {
	ID       paging.IncidentID
	Revision Revision
	N        int
	At       time.Time
}

// TimerClaim is an incident whose earliest timer is due.
type TimerClaim struct {
	ID  paging.IncidentID
	Due time.Time
}

// Membership says that an incident holds (or held) a member of a group.
type Membership struct {
	Member   escalation.MemberKey
	Incident paging.IncidentID
}

// Filter selects incidents for List, newest first.
type Filter struct {
	Open   bool // only incidents that are not resolved
	Limit  int
	Before paging.IncidentID // for the next page: only older ones
}

// Intake is one inbound delivery as it was judged: evidence, and what replays run on.
type Intake struct {
	At          time.Time         `json:"at"`
	Integration string            `json:"integration"`
	DeliveryID  string            `json:"delivery_id,omitempty"`
	Alerts      int               `json:"alerts"`
	Note        string            `json:"note,omitempty"`   // drops and rejections, with their reasons
	Header      map[string]string `json:"header,omitempty"` // what decoding Body again needs; never a credential
	Body        []byte            `json:"body,omitempty"`   // capped
	Truncated   bool              `json:"truncated,omitempty"`
}

// Store keeps incidents and what belongs to them. All methods are safe for concurrent use.
type Store interface {
	// Shards is the number of shards, fixed when the store was made. Incidents of one shard go
	// through one lane of the engine.
	Shards() int
	// Load answers queries in order. An incident and the rows named with it are one consistent view.
	Load(ctx context.Context, queries []Query) ([]Loaded, error)
	// Commit applies changes, each atomic; results are in order. The error is trouble that
	// hit all of them: none is known to be applied.
	Commit(ctx context.Context, changes []Change) ([]Committed, error)
	// Touch counts repeats; false where the revision was not the present one.
	Touch(ctx context.Context, touches []Touch) ([]bool, error)

	// ClaimTimers leases up to limit incidents whose timer is due at now, and tells when the
	// next one will be (zero: none).
	ClaimTimers(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]TimerClaim, time.Time, error)
	// Timers tells where incidents stand in the index of timers, in order: when a claim will find
	// them, which is the end of the lease for one that is claimed; zero: never.
	Timers(ctx context.Context, ids []paging.IncidentID) ([]time.Time, error)
	// ClaimAttempts leases up to limit attempts that are due at now, most urgent first, each for as
	// long as its state asks for, and tells when the next one will be. An attempt in state Sending
	// is one whose holder died while the provider may have had it.
	ClaimAttempts(ctx context.Context, now time.Time, leases paging.Leases, limit int) ([]paging.Claim, time.Time, error)
	// Begin notes that these attempts are about to be handed over (state Sending, StartedAt, code,
	// text, Tries+1), and leases them anew from now on. ErrFenced per start: the attempt was
	// canceled, settled or taken over; a lease that has ended is no reason while nobody took it.
	Begin(ctx context.Context, now time.Time, lease time.Duration, starts []paging.Start) ([]error, error)
	// Defer gives claims back, to come due again at until. State and text stay as they are.
	Defer(ctx context.Context, claims []paging.Claim, until time.Time) error

	// FindIdentity returns, per identity, the incidents that hold or held that member.
	FindIdentity(ctx context.Context, members []escalation.MemberKey) (map[escalation.MemberKey][]paging.IncidentID, error)
	// FindGroup returns the firing members of that group in open incidents, but for those whose
	// identity is listed.
	FindGroup(ctx context.Context, integration, group string, listed map[string]bool) ([]Membership, error)

	List(ctx context.Context, f Filter) ([]escalation.Incident, error)
	Timeline(ctx context.Context, id paging.IncidentID) ([]escalation.Entry, error)
	MembersOf(ctx context.Context, id paging.IncidentID, limit int) ([]escalation.Member, error)
	AttemptsOf(ctx context.Context, id paging.IncidentID) ([]paging.Attempt, error)

	// ReserveCode allocates a reply code before the text is sent; the same Phone and Key give
	// the same code for paging.CodeKeep after its last text.
	ReserveCode(ctx context.Context, r paging.CodeRequest) (paging.Code, error)
	// AdoptCode brings in a code that another store gave out (see [paging.CodeRequest] First): the
	// text that carries it leads to its incidents from now on. False: that number of that phone
	// stands for something else at now, and is left alone.
	AdoptCode(ctx context.Context, c paging.Code, now time.Time) (bool, error)
	// Codes returns the codes of that phone that are not free again at now, oldest first.
	Codes(ctx context.Context, phone string, now time.Time) ([]paging.Code, error)
	// LeasePhone takes the right to text one phone, with its state; false when somebody else has it.
	LeasePhone(ctx context.Context, phone string, now time.Time, lease time.Duration) (paging.PhoneLease, bool, error)
	// RenewPhone has the lease end at now+lease, or later when it does already. ErrFenced when it
	// was taken over or given back; one that has ended is renewed while nobody took it.
	RenewPhone(ctx context.Context, l paging.PhoneLease, now time.Time, lease time.Duration) error
	// ReleasePhone saves the state and gives the lease back. ErrFenced when it was taken over.
	ReleasePhone(ctx context.Context, l paging.PhoneLease) error

	// Once and SetOnce keep proofs of completion: an inbound delivery, a reply with its answer.
	// Once returns the value and whether it is there; values are kept until they expire.
	Once(ctx context.Context, key string, now time.Time) (string, bool, error)
	SetOnce(ctx context.Context, key, value string, now time.Time, keep time.Duration) error

	// Announce says that this process is there, and what the others shall know of it, until keep
	// has passed; announced again it replaces what was said. keep 0 takes it back. It is no
	// promise: what was announced may be lost whenever the store or the process restarts.
	Announce(ctx context.Context, process string, value []byte, now time.Time, keep time.Duration) error
	// Announced returns what the processes said that are there at now, by process.
	Announced(ctx context.Context, now time.Time) (map[string][]byte, error)

	// Append adds the next value to a series, whose values are numbered from 1: revisions of the
	// configuration, of the overlay. after is the number of the last one that the caller knows
	// (0: none); ErrConflict when that is not the last one. Append with the token of the last
	// value, or with that of the value after `after`, is settled: it was applied before. All but
	// the last SeriesKept values are forgotten, unless Kept says that all are kept. A name has 1 to 100 bytes of a-z 0-9 : _ -; a
	// value has at most 4 MiB.
	Append(ctx context.Context, series string, after uint64, token string, value []byte) error
	// Last returns, per series in order, the number of its last value; 0 when it has none.
	Last(ctx context.Context, series ...string) ([]uint64, error)
	// Value returns one value of a series. ErrNotFound: there is none, or it was forgotten.
	Value(ctx context.Context, series string, number uint64) ([]byte, error)

	// Record appends to the intake log, and forgets what is older than keep.
	Record(ctx context.Context, in Intake, keep time.Duration) error
	// Intakes returns up to limit entries of the intake log from that time on, oldest first.
	Intakes(ctx context.Context, from time.Time, limit int) ([]Intake, error)
	// Prune forgets incidents that were resolved before that instant. It returns how many.
	Prune(ctx context.Context, before time.Time, limit int) (int, error)

	// Clock is the store's own time, for measuring how far the local clock is off; a store
	// without a clock of its own returns the local time given.
	Clock(ctx context.Context, local time.Time) (time.Time, error)
	// Check says whether the store can be reached and written (for /readyz).
	Check(ctx context.Context) error
	// Promise says in a sentence what is lost when the process, the machine or the server dies.
	Promise(ctx context.Context) string
	Close() error
}
