package web

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"
)

// TestNothingIsInterpreted ensures that what alerts and people write reaches the page as text
// only, and that the policy would stop a script that got in all the same.
func TestNothingIsInterpreted(t *testing.T) {
	script, err := files.ReadFile("app.js")
	require.NoError(t, err)
	for _, way := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc", "setAttribute(\"on", "DOMParser"} {
		require.NotContains(t, string(script), way)
	}
	page, err := files.ReadFile("index.html")
	require.NoError(t, err)
	require.NotRegexp(t, `(?i)<script(\s[^>]*)?>[^<]+</script>|\son[a-z]+=|javascript:|<style|\sstyle=|https?://`, string(page))
	e := echo.New()
	e.GET("/", Asset("index.html"))
	answer := httptest.NewRecorder()
	e.ServeHTTP(answer, httptest.NewRequest("GET", "/", nil))
	csp := answer.Header().Get("Content-Security-Policy")
	require.True(t, strings.HasPrefix(csp, "default-src 'none'; "), csp)
	require.Contains(t, csp, "frame-ancestors 'none'")
	require.NotContains(t, csp, "unsafe")
}
