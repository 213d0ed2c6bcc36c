package engine

// Knows says whether a phone number belongs to anybody in the book in force.
func (e *Engine) Knows(phone string) bool { return e.userOf(phone) != nil }
