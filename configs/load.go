package configs

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Load reads a file, or all *.yaml and *.yml of a folder as one. env looks a variable up
// ([os.LookupEnv]). The error is a [Problems] that holds every fault; then there is no Config.
func Load(path string, reg Registry, env func(string) (string, bool)) (*Config, error) {
	names, err := filesOf(path)
	if err != nil {
		return nil, Problems{{File: path, Message: err.Error()}}
	}
	files := make([]file, 0, len(names))
	var problems Problems
	for _, name := range names {
		data, err := readBounded(name, maxBytes+1)
		if err != nil {
			problems = append(problems, Problem{File: name, Message: "cannot be read: " + reason(err)})
			continue
		}
		files = append(files, file{name, data})
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return read(files, reg, env, readBeside)
}

// Parse reads a configuration that is in memory, such as a built-in example. It has no
// folder, so that its secrets can only come from the environment.
func Parse(name string, data []byte, reg Registry, env func(string) (string, bool)) (*Config, error) {
	return read([]file{{name, data}}, reg, env, func(string, string) ([]byte, error) {
		return nil, errors.New("this configuration is built in and has no folder; use { env: NAME }")
	})
}

// file is one YAML file.
type file struct {
	name string
	data []byte
}

// filesOf lists what a path stands for, in order.
func filesOf(path string) ([]string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("does not exist; name a YAML file or a folder of them")
	case err != nil:
		return nil, errors.New("cannot be read: " + reason(err))
	case !info.IsDir():
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, errors.New("cannot be read: " + reason(err))
	}
	var names []string
	for _, entry := range entries {
		ext := filepath.Ext(entry.Name())
		if strings.HasPrefix(entry.Name(), ".") || ext != ".yaml" && ext != ".yml" {
			continue
		}
		name := filepath.Join(path, entry.Name())
		if info, err := os.Stat(name); err != nil || !info.IsDir() { // a broken link is told of when it is read
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, errors.New("the folder holds no *.yaml or *.yml file")
	}
	return names, nil
}

// readBeside reads a file whose path is relative to a configuration file.
func readBeside(config, name string) ([]byte, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(config), name)
	}
	data, err := readBounded(name, maxSecretSize+1)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		err = errors.New(reason(err))
	}
	return data, err
}

func readBounded(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // opened for reading: nothing can be lost
	return io.ReadAll(io.LimitReader(f, limit))
}

// reason is an error of the file system without the path, which the problem shows already.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// read parses, joins and decodes the files.
func read(files []file, reg Registry, env func(string) (string, bool), readFile func(config, name string) ([]byte, error)) (*Config, error) {
	r := &reader{reg: reg, env: env, readFile: readFile, places: map[string]node{}, sections: map[string]node{}, items: map[string][]node{}}
	for _, f := range files {
		root, problem := parseFile(f.name, f.data)
		if problem != nil {
			r.problems = append(r.problems, *problem)
			continue
		}
		if root != nil && !(node{y: root}).null() {
			r.join(node{root, f.name, ""})
		}
	}
	r.first = node{&yaml.Node{Line: 1, Column: 1}, files[0].name, ""}
	if len(r.problems.Errors()) > 0 && len(r.sections)+len(r.items) == 0 {
		r.problems.sort() // nothing was read: to complain of what is missing would only distract
		return nil, r.problems
	}
	r.gatherNames()
	c := r.config()
	r.problems.sort()
	if len(r.problems.Errors()) > 0 {
		return nil, r.problems
	}
	c.warnings = r.problems
	c.book.Revision = revision(files)
	return c, nil
}

// The keys at the top of a file. A list is joined over all files; all else stands once.
var (
	topLists  = [...]string{"api_tokens", "integrations", "classify", "time_intervals", "policies", "schedules", "users", "teams", "providers"}
	topSingle = [...]string{"public_url", "retention", "record", "reply_codes", "severities", "default_severity", "route"}
)

// join adds the sections of one file to those of the files before it.
func (r *reader) join(root node) {
	r.each(root, func(key string, at, value node) {
		switch {
		case slices.Contains(topLists[:], key):
			for _, item := range r.list(value) {
				item.path = indexed(key, len(r.items[key])) // counted over all files
				r.items[key] = append(r.items[key], item)
			}
		case !slices.Contains(topSingle[:], key):
			r.fail(at, "unknown key %q%s", key, hint(key, slices.Concat(topLists[:], topSingle[:])))
		case value.null():
		default:
			if first, twice := r.sections[key]; twice {
				r.fail(at, "%s is defined twice; it is also in %s", key, first.where())
				return
			}
			r.sections[key] = value
		}
	})
}

// revision is a digest of what the files say: their names and bytes. The values of
// secrets are no part of it, only where they come from.
func revision(files []file) string {
	h := sha256.New()
	for _, f := range files {
		for _, part := range [][]byte{[]byte(filepath.Base(f.name)), f.data} {
			h.Write(binary.AppendUvarint(nil, uint64(len(part)))) // so that no two lists of files read alike
			h.Write(part)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
