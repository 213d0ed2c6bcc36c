package store

import (
	"fmt"
	"strings"
)

// SeriesFormat is the version of what the stores keep beside a value of a series: its token.
// What the value holds is its owner's, who gives it a format of its own.
const SeriesFormat = 1

// The bounds of a series. A name goes into keys and a token into the head of a row.
const (
	MaxSeriesName  = 100     // bytes, of a-z 0-9 : _ -
	MaxSeriesToken = 200     // bytes, no line break
	MaxSeriesValue = 4 << 20 // bytes
)

// Kept says whether a series keeps all its values: the audit log, and whatever is named after
// it, is never forgotten.
func Kept(series string) bool { return strings.HasPrefix(series, "audit") }

// CheckSeries returns an error for the first name that no series can have.
func CheckSeries(names ...string) error {
	for _, name := range names {
		if name == "" || len(name) > MaxSeriesName {
			return fmt.Errorf("store: the name of a series has 1 to %d bytes, not %d: %.20q", MaxSeriesName, len(name), name)
		}
		if strings.ContainsFunc(name, notOfName) {
			return fmt.Errorf("store: series %q: a name has only a-z, 0-9, colon, underscore and hyphen", name)
		}
	}
	return nil
}

func notOfName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != ':' && r != '_' && r != '-'
}

// CheckAppend returns an error for what can never be appended, so that all stores refuse the same.
func CheckAppend(series, token string, value []byte) error {
	if err := CheckSeries(series); err != nil {
		return err
	}
	if token == "" || len(token) > MaxSeriesToken || strings.ContainsRune(token, '\n') {
		return fmt.Errorf("store: series %s: a token has 1 to %d bytes and no line break", series, MaxSeriesToken)
	}
	if len(value) > MaxSeriesValue {
		return fmt.Errorf("store: series %s: the value has %d bytes, the most is %d; make it smaller", series, len(value), MaxSeriesValue)
	}
	return nil
}

// SeriesConflict is the ErrConflict of an Append after a number that is not the last.
func SeriesConflict(series string, after, last uint64) error {
	return fmt.Errorf("%w: series %s is at %d, not at %d", ErrConflict, series, last, after)
}

// NoSeriesValue is the ErrNotFound of a value that is not there.
func NoSeriesValue(series string, number uint64) error {
	return fmt.Errorf("%w: series %s has no value %d, or it was forgotten", ErrNotFound, series, number)
}

// CheckSeriesFormat is ErrNewer for a value of a format that this version does not know.
func CheckSeriesFormat(series string, number uint64, format int) error {
	if format > SeriesFormat {
		return fmt.Errorf("%w: value %d of series %s has format %d, this version knows up to %d; upgrade this process",
			ErrNewer, number, series, format, SeriesFormat)
	}
	return nil
}
