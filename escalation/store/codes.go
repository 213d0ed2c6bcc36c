package store

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"tocsin/paging"
)

// The range of reply codes: the lowest free one is given, so that most have two digits.
// Strong codes have six random digits.
const (
	FirstCode       = 10
	LastCode        = 99999
	FirstStrongCode = 100000
	LastStrongCode  = 999999
)

// The block of codes that is left to processes while they cannot reach the store, in slots: a
// process takes codes of its own slot only, so that no two give the same one to a phone.
const (
	FirstKeptCode = 9000
	LastKeptCode  = 9999
	slotCodes     = 100
	CodeSlots     = (LastKeptCode - FirstKeptCode + 1) / slotCodes
)

// SlotCodes is the block of one slot. Slots beyond the last share blocks.
func SlotCodes(slot int) (first, last int) {
	first = FirstKeptCode + slot%CodeSlots*slotCodes
	return first, first + slotCodes - 1
}

// FreeRanges are where a code for r is looked for, in order: its block, or what is no block, and
// then five digits.
func FreeRanges(r paging.CodeRequest) [][2]int {
	if r.First > 0 {
		return [][2]int{{r.First, r.Last}, {LastKeptCode + 1, LastCode}}
	}
	return [][2]int{{FirstCode, FirstKeptCode - 1}, {LastKeptCode + 1, LastCode}}
}

// ErrNoCode says that every reply code of one phone is in use.
var ErrNoCode = errors.New("store: every reply code of this phone is in use")

// CodeTaken says whether a code is not free again at now.
func CodeTaken(c paging.Code, now time.Time) bool {
	return c.At.Add(paging.CodeKeep).After(now)
}

// NewCode is the code given to r under that number, or r's own code texted once more.
func NewCode(r paging.CodeRequest, number string) paging.Code {
	return paging.Code{Code: number, Phone: r.Phone, Key: r.Key, User: r.User,
		Incidents: append([]paging.IncidentID(nil), r.Incidents...), At: r.Now}
}

// LowestCode returns the lowest number of the ranges from low up that is not taken.
func LowestCode(ranges [][2]int, low int, taken func(int) bool) (int, error) {
	for _, r := range ranges {
		for n := max(low, r[0]); n <= r[1]; n++ {
			if !taken(n) {
				return n, nil
			}
		}
	}
	return 0, ErrNoCode
}

// StrongCode returns a random six-digit number that is not taken. random returns a number
// below n.
func StrongCode(random func(n int) int, taken func(int) bool) (int, error) {
	for range 1000 {
		n := FirstStrongCode + random(LastStrongCode-FirstStrongCode+1)
		if !taken(n) {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%w: no free one in 1000 random tries", ErrNoCode)
}

// CodeNumber is the number of a code that is adopted; an error for what no store gives out.
func CodeNumber(c paging.Code) (int, error) {
	n, err := strconv.Atoi(c.Code)
	if err != nil || n < FirstCode || n > LastStrongCode || c.Phone == "" || c.Key == "" {
		return 0, fmt.Errorf("store: %q for %q is no reply code", c.Code, c.Key)
	}
	return n, nil
}
