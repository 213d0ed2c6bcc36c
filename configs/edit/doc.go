// Package edit changes single values in YAML files and leaves everything else as it was
// written: comments, order, quoting, indentation, line ends.
//
//	bytes ──parse──▶ nodes + spans ──plan──▶ splices ──▶ bytes ──parse──▶ is it what was asked for?
//
// A YAML library that writes a whole document loses what it does not model. So no
// document is written here: the parser says where a value begins, [span] finds where it
// ends, and only the bytes of that span are replaced.
//
// # What protects the rest
//
// Text that is put together by hand can be wrong. After every change the file is parsed
// again and must hold exactly the old values with the change applied; another way of
// writing is tried when it does not, and when none does the edit is refused and nothing
// is changed.
//
// # What is refused
//
// What cannot be changed in one place only, or not be told apart: values that an alias
// shares, merge keys, keys written twice, several documents in one file.
//
// A "set" of a mapping or a list over one that is there changes only what differs, so
// that an interface may send a whole schedule back and its comments still stay.
package edit
