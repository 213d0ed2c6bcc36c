package store

import (
	"errors"
	"fmt"
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

// LowestCode returns the lowest number from low up that is not taken.
func LowestCode(low int, taken func(int) bool) (int, error) {
	for n := low; n <= LastCode; n++ {
		if !taken(n) {
			return n, nil
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
