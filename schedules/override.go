package schedules

// End is the wall clock at which the override is over, of both sides of a swap.
func (o Override) End() Civil {
	if o.Type != Swap {
		return o.To
	}
	if o.A.To.Before(o.B.To) {
		return o.B.To
	}
	return o.A.To
}

// People are all whom the override names, each once.
func (o Override) People() (users []UserID) {
	for _, u := range []UserID{o.Add, o.Remove, o.A.User, o.B.User} {
		if u != "" {
			users = join(users, u)
		}
	}
	for _, s := range o.Shifts {
		users = join(users, s.Users...)
	}
	return users
}
