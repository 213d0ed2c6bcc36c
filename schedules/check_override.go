package schedules

import (
	"errors"
	"fmt"
)

// check finds all that is wrong with an override by itself.
func (o Override) check() (errs []error) {
	if err := o.checkPeople(); err != nil {
		errs = append(errs, err)
	}
	if o.Type == Swap {
		if o.From != (Civil{}) || o.To != (Civil{}) {
			errs = append(errs, errors.New("a swap has from and to in its sides a and b; set them there"))
		}
		for _, side := range []struct {
			name string
			SwapSide
		}{{"a", o.A}, {"b", o.B}} {
			for _, err := range checkBetween(side.From, side.To) {
				errs = append(errs, fmt.Errorf("%s: %w", side.name, err))
			}
		}
		return errs
	}
	errs = append(errs, checkBetween(o.From, o.To)...)
	for i, s := range o.Shifts {
		for _, err := range o.checkShift(s) {
			errs = append(errs, fmt.Errorf("shift %d: %w", i+1, err))
		}
	}
	return errs
}

// checkPeople checks that exactly what the type needs is there.
func (o Override) checkPeople() error {
	sides := o.A != SwapSide{} || o.B != SwapSide{}
	switch o.Type {
	case Replace, Addition, Removal, Only, Swap:
	default:
		return fmt.Errorf("type %q is unknown; use replace, add, remove, only or swap", o.Type)
	}
	switch {
	case o.Type != Swap && sides:
		return fmt.Errorf("a and b belong to a swap; leave them out of %s", o.Type)
	case o.Type != Only && len(o.Shifts) > 0:
		return fmt.Errorf("shifts belong to an only override; leave them out of %s", o.Type)
	case o.Type == Removal && (o.Remove == "" || o.Add != ""):
		return errors.New("a remove override names exactly one person, in remove; to put somebody in, use replace")
	case o.Type == Addition && (o.Add == "" || o.Remove != ""):
		return errors.New("an add override names exactly one person, in add; to take somebody out, use replace")
	case o.Type == Replace && o.Add == "":
		return errors.New("a replace override needs the person who serves instead, in add; to only take somebody out, use remove")
	case o.Type == Only && (o.Remove != "" || (o.Add == "") == (len(o.Shifts) == 0)):
		return errors.New("an only override names either shifts, or in add who serves all the time")
	case o.Type == Swap && (o.Add != "" || o.Remove != "" || o.A.User == "" || o.B.User == "" || o.A.User == o.B.User):
		return errors.New("a swap names two people, one in each of a and b")
	}
	return nil
}

func (o Override) checkShift(s OnlyShift) []error {
	errs := checkBetween(s.From, s.To)
	if len(errs) == 0 && (s.From.seconds() < o.From.seconds() || s.To.seconds() > o.To.seconds()) {
		errs = append(errs, fmt.Errorf("it reaches beyond the override, which is from %s to %s; make one of them fit", o.From, o.To))
	}
	if err := checkUsers(s.Users); err != nil {
		errs = append(errs, err)
	}
	return errs
}
