package schedules

// MarshalText writes what [ParseCivil] reads; the zero Civil, which is no date, is empty.
func (c Civil) MarshalText() ([]byte, error) {
	if c == (Civil{}) {
		return nil, nil
	}
	return []byte(c.String()), nil
}

// UnmarshalText is the inverse of MarshalText.
func (c *Civil) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*c = Civil{}
		return nil
	}
	*c, err = ParseCivil(string(text))
	return err
}

// MarshalText writes what [ParseEvery] reads; the zero Every is empty.
func (e Every) MarshalText() ([]byte, error) {
	if e == (Every{}) {
		return nil, nil
	}
	return []byte(e.String()), nil
}

// UnmarshalText is the inverse of MarshalText.
func (e *Every) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*e = Every{}
		return nil
	}
	*e, err = ParseEvery(string(text))
	return err
}

// Before says whether c is earlier on the calendar than d.
func (c Civil) Before(d Civil) bool { return c.seconds() < d.seconds() }
