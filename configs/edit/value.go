package edit

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

type kind int

const (
	single kind = iota
	list
	mapping
)

// value is what a document says, without how it is written. An alias is the very value
// that it stands for.
type value struct {
	kind  kind
	tag   string // of a single value: !!str, !!int, …
	text  string
	keys  []*value // of a mapping, beside items
	items []*value
}

func (v *value) null() bool { return v.kind == single && v.tag == "!!null" }

// key is the number of a key, or -1.
func (v *value) key(name string) int {
	return slices.IndexFunc(v.keys, func(k *value) bool { return k.text == name })
}

// name is what an item of a list is addressed by.
func (v *value) name() (string, bool) {
	switch v.kind {
	case single:
		return v.text, !v.null()
	case mapping:
		if i := v.key("name"); i >= 0 && v.items[i].kind == single {
			return v.items[i].name()
		}
	}
	return "", false
}

func text(s string) *value { return &value{tag: "!!str", text: s} }

// plainly is a value that reads as what its plain text resolves to.
func plainly(s string) *value {
	return &value{tag: (&yaml.Node{Kind: yaml.ScalarNode, Value: s}).ShortTag(), text: s}
}

// valueOf takes decoded JSON, or anything that can be encoded as JSON.
func valueOf(from any) (*value, error) {
	v, err := convert(from, 0)
	if err != nil {
		return nil, err
	}
	return v, nil
}

func convert(from any, depth int) (*value, error) {
	if depth > maxDepth {
		return nil, fail(Invalid, "the value is nested more than %d levels deep", maxDepth)
	}
	switch x := from.(type) {
	case nil:
		return plainly("null"), nil
	case bool:
		return plainly(strconv.FormatBool(x)), nil
	case string:
		if !utf8.ValidString(x) {
			return nil, fail(Invalid, "the value holds text that is not UTF-8")
		}
		return text(x), nil
	case float64:
		return number(x)
	case json.Number:
		return numeral(x)
	case []any:
		return convertList(x, depth)
	case map[string]any:
		return convertMap(x, depth)
	}
	data, err := json.Marshal(from)
	if err != nil {
		return nil, fail(Invalid, "the value is no JSON: %v", err)
	}
	return decode(data)
}

func number(x float64) (*value, error) {
	const exact = 1 << 53 // beyond, a float64 does not hold every whole number
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return nil, fail(Invalid, "%v is no number of JSON", x)
	case x == math.Trunc(x) && math.Abs(x) <= exact:
		return plainly(strconv.FormatInt(int64(x), 10)), nil
	}
	return plainly(strconv.FormatFloat(x, 'g', -1, 64)), nil
}

func numeral(x json.Number) (*value, error) {
	v := plainly(string(x))
	if !json.Valid([]byte(x)) || v.tag != "!!int" && v.tag != "!!float" {
		return nil, fail(Invalid, "%q is no number of JSON", string(x))
	}
	return v, nil
}

func convertList(x []any, depth int) (*value, error) {
	v := &value{kind: list}
	for _, item := range x {
		c, err := convert(item, depth+1)
		if err != nil {
			return nil, err
		}
		v.items = append(v.items, c)
	}
	return v, nil
}

func convertMap(x map[string]any, depth int) (*value, error) {
	keys := make([]string, 0, len(x))
	for k := range x {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		switch {
		case a == b:
			return 0
		case a == "name" || b != "name" && a < b: // a name is read first
			return -1
		}
		return 1
	})
	v := &value{kind: mapping}
	for _, k := range keys {
		c, err := convert(x[k], depth+1)
		if err != nil {
			return nil, err
		}
		if err := v.put(k, c); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (v *value) put(key string, item *value) error {
	const longest = 500 // YAML itself allows 1024 characters, quotes and escapes included
	switch {
	case !utf8.ValidString(key) || len(key) > longest/8 && len(strconv.Quote(key)) > longest:
		return fail(Invalid, "a key must be UTF-8 and short (%d bytes)", longest)
	case v.key(key) >= 0:
		return fail(Invalid, "the value has key %q twice", key)
	}
	v.keys, v.items = append(v.keys, text(key)), append(v.items, item)
	return nil
}

// decode reads JSON and keeps the order of keys.
func decode(data []byte) (*value, error) {
	if !utf8.Valid(data) {
		return nil, fail(Invalid, "the value holds text that is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := decodeNext(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fail(Invalid, "the value is more than one value of JSON")
	}
	return v, nil
}

func decodeNext(d *json.Decoder, depth int) (*value, error) {
	token, err := d.Token()
	if err != nil {
		return nil, fail(Invalid, "the value is no JSON: %v", err)
	}
	open, ok := token.(json.Delim)
	if !ok {
		return convert(token, depth)
	}
	if depth > maxDepth {
		return nil, fail(Invalid, "the value is nested more than %d levels deep", maxDepth)
	}
	v := &value{kind: list}
	if open == '{' {
		v.kind = mapping
	}
	for d.More() {
		var key string
		if v.kind == mapping {
			token, err := d.Token()
			if err != nil {
				return nil, fail(Invalid, "the value is no JSON: %v", err)
			}
			key, _ = token.(string)
		}
		item, err := decodeNext(d, depth+1)
		if err != nil {
			return nil, err
		}
		if v.kind == list {
			v.items = append(v.items, item)
		} else if err := v.put(key, item); err != nil {
			return nil, err
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, fail(Invalid, "the value is no JSON: %v", err)
	}
	return v, nil
}
