package configs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Load reads a file, or all *.yaml and *.yml of a folder as one; paths of secrets are relative to
// it. The error is a [Problems] that holds every fault; then there is no Config.
func Load(path string, o Options) (*Config, error) {
	at, b, err := readFolder(path)
	if err != nil {
		return nil, err
	}
	o.Secrets = at.dir
	return b.config(o, at.place, "")
}

// Parse reads a configuration that is in memory, such as a built-in example. It has no
// folder, so that its secrets can only come from the environment.
func Parse(name string, data []byte, reg Registry, env func(string) (string, bool)) (*Config, error) {
	base := filepath.Base(name)
	b := Bundle{Files: []File{{base, data}}}
	return b.config(Options{Registry: reg, Env: env}, func(string) string { return name },
		"this configuration is built in and has no folder; use { env: NAME }")
}

// folder is where a configuration lies.
type folder struct {
	dir   string
	names []string // of its YAML files, in order
	typed string   // the path of the only file, as it was typed; empty for a folder
}

// place is the path of a file, for people.
func (f folder) place(name string) string {
	if f.typed != "" && name == f.names[0] {
		return f.typed
	}
	return filepath.Join(f.dir, filepath.FromSlash(name))
}

// folderOf lists what a path stands for, in order.
func folderOf(path string) (folder, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return folder{}, errors.New("does not exist; name a YAML file or a folder of them")
	case err != nil:
		return folder{}, errors.New("cannot be read: " + reason(err))
	case !info.IsDir():
		return folder{filepath.Dir(path), []string{filepath.Base(path)}, path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return folder{}, errors.New("cannot be read: " + reason(err))
	}
	found := folder{dir: path}
	for _, entry := range entries {
		ext := filepath.Ext(entry.Name())
		if strings.HasPrefix(entry.Name(), ".") || ext != ".yaml" && ext != ".yml" {
			continue
		}
		if info, err := os.Stat(filepath.Join(path, entry.Name())); err != nil || !info.IsDir() { // a broken link is told of when it is read
			found.names = append(found.names, entry.Name())
		}
	}
	if len(found.names) == 0 {
		return folder{}, errors.New("the folder holds no *.yaml or *.yml file")
	}
	return found, nil
}

// readSecret reads a file whose path is relative to the folder of secrets.
func readSecret(dir, name string) ([]byte, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
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

// read parses, joins and decodes the YAML files.
func (r *reader) read(files []File) (*Config, error) {
	r.places, r.sections, r.items = map[string]node{}, map[string]node{}, map[string][]node{}
	for _, f := range files {
		root, problem := parseFile(f.Name, f.Data)
		if problem != nil {
			r.problems = append(r.problems, *problem)
			continue
		}
		if root != nil && !(node{y: root}).null() {
			r.join(node{root, f.Name, ""})
		}
	}
	r.first = node{&yaml.Node{Line: 1, Column: 1}, files[0].Name, ""}
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
	return c, nil
}

// The keys at the top of a file. A list is joined over all files; all else stands once.
var (
	topLists  = [...]string{"api_tokens", "integrations", "classify", "time_intervals", "policies", "schedules", "users", "teams", "providers"}
	topSingle = [...]string{"public_url", "retention", "record", "reply_codes", "config_mode", "rollout", "calendar_key", "egress", "heartbeat", "watch", "canary", "severities", "default_severity", "route"}
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
