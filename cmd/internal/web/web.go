// Package web holds what the browser gets. There is no build step: three files, embedded as
// they are, under a content security policy that allows nothing from elsewhere.
package web

import (
	"embed"
	"mime"
	"net/http"
	"path"

	"github.com/labstack/echo/v4"
)

//go:embed index.html app.js style.css
var files embed.FS

const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Asset serves one embedded file.
func Asset(name string) echo.HandlerFunc {
	return func(c echo.Context) error {
		data, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		h := c.Response().Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		return c.Blob(http.StatusOK, mime.TypeByExtension(path.Ext(name)), data)
	}
}
