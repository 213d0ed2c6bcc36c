package schedules

import (
	"fmt"
	"strconv"
	"strings"
)

// Unit is a step of the wall clock.
type Unit string

// The units of a rotation.
const (
	Hour  Unit = "hour"
	Day   Unit = "day"
	Week  Unit = "week"
	Month Unit = "month"
)

// maxEvery bounds N far beyond any use, so that arithmetic cannot overflow.
const maxEvery = 10_000

// Every is the length of a turn: N units of the local wall clock.
type Every struct {
	N    int
	Unit Unit
}

// ParseEvery reads "1 week", "12 hours" or "2 days"; singular and plural are equal.
func ParseEvery(s string) (Every, error) {
	number, unit, ok := strings.Cut(strings.TrimSpace(s), " ")
	n, err := strconv.Atoi(number)
	if !ok || err != nil {
		return Every{}, fmt.Errorf("every %q is not a number and a unit; write for example %q, %q or %q", s, "12 hours", "1 week", "1 month")
	}
	e := Every{N: n, Unit: Unit(strings.TrimSuffix(strings.TrimSpace(unit), "s"))}
	return e, e.check()
}

// String is the inverse of [ParseEvery].
func (e Every) String() string {
	if e.N == 1 {
		return "1 " + string(e.Unit)
	}
	return strconv.Itoa(e.N) + " " + string(e.Unit) + "s"
}

func (e Every) check() error {
	switch e.Unit {
	case Hour, Day, Week, Month:
	default:
		return fmt.Errorf("every: unit %q is unknown; use hours, days, weeks or months", e.Unit)
	}
	if e.N < 1 || e.N > maxEvery {
		return fmt.Errorf("every: %d %ss is out of range; use 1 to %d", e.N, e.Unit, maxEvery)
	}
	return nil
}
