package configs

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// File is one file of a configuration: YAML, or by its name a calendar (*.ics).
type File struct {
	Name string `json:"name"` // below the folder of the configuration, with slashes
	Data []byte `json:"data"`
}

// Bundle is all that a configuration consists of: what a revision keeps. Of the secrets that
// it refers to it holds nothing, but those that an integration has inline stand in it; see
// [Bundle.Redacted]. The order of the files means nothing.
type Bundle struct {
	Files []File `json:"files"`
}

// maxBundle and maxFiles bound a configuration as a whole.
const (
	maxBundle = 16 << 20
	maxFiles  = 1000
)

// Options say how a [Bundle] is read.
type Options struct {
	Registry Registry
	Env      func(string) (string, bool) // looks a variable up ([os.LookupEnv]); nil: none is set
	Secrets  string                      // the folder that paths of secrets are relative to

	// NoSecrets is for commands that only look: a secret that cannot be read is no fault,
	// and empty.
	NoSecrets bool
}

// Hash identifies the content: SHA-256 in hex over the names and bytes. The values of
// secrets are no part of it, only where they come from.
func (b Bundle) Hash() string {
	h := sha256.New()
	for _, f := range b.sorted() {
		for _, part := range [][]byte{[]byte(f.Name), f.Data} {
			h.Write(binary.AppendUvarint(nil, uint64(len(part)))) // so that no two lists of files read alike
			h.Write(part)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// revision is short enough to be read aloud.
func (b Bundle) revision() string { return b.Hash()[:16] }

func (b Bundle) sorted() []File {
	return slices.SortedFunc(slices.Values(b.Files), func(x, y File) int { return cmp.Compare(x.Name, y.Name) })
}

// IsCalendar tells a calendar from YAML, by its name.
func (f File) IsCalendar() bool { return strings.EqualFold(path.Ext(f.Name), calendarExtension) }

// Config decodes the bundle. The error is a [Problems] that holds every fault.
func (b Bundle) Config(o Options) (*Config, error) {
	return b.config(o, func(name string) string { return name }, "")
}

// config decodes the bundle. place shows a file to people; noFolder, if not empty, says
// why there are no files of secrets.
func (b Bundle) config(o Options, place func(name string) string, noFolder string) (*Config, error) {
	if problems := b.check(place); len(problems) > 0 {
		return nil, problems
	}
	r := &reader{reg: o.Registry, env: o.Env, noSecrets: o.NoSecrets, calendars: map[string][]byte{}}
	if r.env == nil {
		r.env = func(string) (string, bool) { return "", false }
	}
	if o.Secrets == "" && noFolder == "" {
		noFolder = "no folder of secrets is known here; use { env: NAME }"
	}
	r.readFile = func(name string) ([]byte, error) {
		if o.Secrets == "" {
			return nil, errors.New(noFolder)
		}
		return readSecret(o.Secrets, name)
	}
	var files []File
	for _, f := range b.sorted() {
		if f.IsCalendar() {
			r.calendars[f.Name] = f.Data
		} else {
			files = append(files, File{place(f.Name), f.Data})
		}
	}
	c, err := r.read(files)
	if err != nil {
		return nil, err
	}
	c.digest = b.revision()
	c.book.Revision = c.digest
	return c, nil
}

// check refuses what is no configuration, or would be written outside its folder.
func (b Bundle) check(place func(string) string) (problems Problems) {
	fail := func(name, format string, args ...any) {
		problems = append(problems, Problem{File: name, Message: fmt.Sprintf(format, args...)})
	}
	total, seen := 0, map[string]bool{}
	for _, f := range b.Files {
		switch total += len(f.Data); {
		case path.Clean(f.Name) != f.Name || !filepath.IsLocal(filepath.FromSlash(f.Name)) || f.Name == "." || strings.Contains(f.Name, `\`):
			fail(f.Name, "is no name of a file below the folder of a configuration")
		case seen[f.Name]:
			fail(f.Name, "stands in the configuration twice")
		case len(f.Data) > maxBytes:
			fail(place(f.Name), "the file has more than %d MiB; split it", maxBytes>>20)
		}
		seen[f.Name] = true
	}
	switch {
	case !slices.ContainsFunc(b.Files, func(f File) bool { return !f.IsCalendar() }):
		fail("configuration", "it holds no YAML file")
	case len(b.Files) > maxFiles || total > maxBundle:
		fail("configuration", "it has more than %d files or %d MiB; that is too much for one", maxFiles, maxBundle>>20)
	}
	return problems
}

// ReadBundle reads a YAML file, or all *.yaml and *.yml of a folder, and the calendars
// that they name; never a file of a secret. YAML that cannot be parsed is taken as it is. The error
// is a [Problems].
func ReadBundle(path string) (Bundle, error) {
	_, b, err := readFolder(path)
	return b, err
}

func readFolder(path string) (folder, Bundle, error) {
	at, err := folderOf(path)
	if err != nil {
		return at, Bundle{}, Problems{{File: path, Message: err.Error()}}
	}
	b := Bundle{}
	var problems Problems
	for _, name := range at.names {
		data, err := readBounded(filepath.Join(at.dir, name), maxBytes+1)
		if err != nil {
			problems = append(problems, Problem{File: at.place(name), Message: "cannot be read: " + reason(err)})
			continue
		}
		b.Files = append(b.Files, File{name, data})
	}
	for _, f := range slices.Clone(b.Files) {
		problems = append(problems, b.addCalendars(at, f)...)
	}
	if problems = append(problems, b.check(at.place)...); len(problems) > 0 {
		return at, Bundle{}, problems
	}
	return at, b, nil
}

// addCalendars adds what a YAML file names. A calendar that is not there, or whose name
// is refused, is told of when the configuration is decoded.
func (b *Bundle) addCalendars(at folder, f File) (problems Problems) {
	for _, n := range calendarsIn(at.place(f.Name), f.Data) {
		name, fault := calendarName(n.y.Value)
		if fault != "" || slices.ContainsFunc(b.Files, func(other File) bool { return other.Name == name }) {
			continue
		}
		data, err := readBounded(filepath.Join(at.dir, filepath.FromSlash(name)), maxBytes+1)
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			problems = append(problems, n.problem("calendar "+name+" cannot be read: "+reason(err)))
		case !isCalendar(data): // also so that no other file leaves its folder by this way
			problems = append(problems, n.problem(name+" is no calendar: it does not begin with "+calendarBegin))
		default:
			b.Files = append(b.Files, File{name, data})
		}
	}
	return problems
}

// calendarsIn are the places at which a YAML file names calendars.
func calendarsIn(file string, data []byte) (found []node) {
	root, problem := parseFile(file, data)
	if problem != nil || root == nil {
		return nil
	}
	var walk func(n node)
	walk = func(n node) {
		if calendar, ok := n.peek("calendar"); ok {
			if file, ok := calendar.peek("file"); ok {
				calendar = file
			}
			if calendar.kind() == "a single value" {
				found = append(found, calendar)
			}
		}
		for _, y := range n.y.Content {
			walk(node{y, n.file, n.path})
		}
	}
	walk(node{root, file, ""})
	return found
}

// Write puts the files into a folder, each whole or not at all, for nobody else to read:
// secrets may stand in them. Files that are there and no part of the bundle stay; of one
// that is equal only the rights are narrowed.
func (b Bundle) Write(dir string) error {
	if problems := b.check(func(name string) string { return name }); len(problems) > 0 {
		return problems
	}
	for _, f := range b.sorted() {
		if err := f.write(filepath.Join(dir, filepath.FromSlash(f.Name))); err != nil {
			return fmt.Errorf("%s was not written: %w", f.Name, err)
		}
	}
	return nil
}

// private are the rights of what is written.
const private os.FileMode = 0o600

func (f File) write(name string) error {
	if data, err := os.ReadFile(name); err == nil && string(data) == string(f.Data) {
		return narrow(name)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(name), ".tocsin-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(f.Data)
	err = errors.Join(err, temporary.Chmod(private), temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return nil
}

// narrow takes the rights of others from a file that is there.
func narrow(name string) error {
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm()&^private == 0 {
		return err
	}
	return os.Chmod(name, private)
}
