package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// secretWord is in the name of what must only be compared in constant time.
var secretWord = regexp.MustCompile(`(?i)secret|password|passwd|signature|bearer|apitoken|urltoken|authtoken|hmac|credential|^mac$|^sig$|reveal|\bsign\b|calendarkey`)

// notSecret are files whose comparisons match a word and compare no secret.
var notSecret = map[string]string{"configs/redact.go": "the realm of a key, not a value"}

// Attack 11: no secret is compared with == or !=, which would tell how much of a guess is right,
// and bytes.Equal and strings.Compare neither. Comparisons with an empty string are fine.
func TestSecretsAreComparedInConstantTime(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..", "..")
	set := token.NewFileSet()
	looked := 0
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && name != ".":
			return filepath.SkipDir
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || excused(name):
			return nil
		}
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if a, b, ok := compared(n); ok && !empty(a) && !empty(b) {
				looked++
				if secretWord.MatchString(nameOf(a)) || secretWord.MatchString(nameOf(b)) {
					t.Errorf("%s: %s is compared with %s; use hmac.Equal or source.Equal", set.Position(n.Pos()), nameOf(a), nameOf(b))
				}
			}
			return true
		})
		return nil
	}))
	require.Greater(t, looked, 500, "comparisons were looked at")
}

func excused(name string) bool {
	for prefix := range notSecret {
		if strings.HasPrefix(filepath.ToSlash(name), prefix) {
			return true
		}
	}
	return false
}

// compared is the two sides of a comparison that stops at the first difference.
func compared(n ast.Node) (a, b ast.Expr, ok bool) {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		return n.X, n.Y, n.Op == token.EQL || n.Op == token.NEQ
	case *ast.CallExpr:
		f, isSelector := n.Fun.(*ast.SelectorExpr)
		if !isSelector || len(n.Args) != 2 {
			return nil, nil, false
		}
		switch nameOf(f.X) + "." + f.Sel.Name {
		case "bytes.Equal", "bytes.Compare", "strings.Compare", "strings.EqualFold", "slices.Equal", "reflect.DeepEqual", "slices.Contains":
			return n.Args[0], n.Args[1], true
		}
	}
	return nil, nil, false
}

// nameOf is the last name in an expression: Secret of a.Secret, Reveal of t.Token.Reveal().
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.CallExpr:
		if id, ok := e.Fun.(*ast.Ident); ok && (id.Name == "len" || id.Name == "cap") {
			return "" // a length of ours
		}
		return nameOf(e.Fun)
	case *ast.StarExpr:
		return nameOf(e.X)
	case *ast.IndexExpr:
		return nameOf(e.X)
	}
	return ""
}

// empty is what a secret may be compared with: nothing, or a number.
func empty(e ast.Expr) bool {
	if b, ok := e.(*ast.BasicLit); ok {
		return b.Kind == token.INT || b.Value == `""` || b.Value == "``"
	}
	id, ok := e.(*ast.Ident)
	return ok && (id.Name == "nil" || id.Name == "true" || id.Name == "false")
}
