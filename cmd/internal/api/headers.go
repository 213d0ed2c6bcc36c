package api

import "github.com/labstack/echo/v4"

// headers go with every answer, for the day when a browser comes by: nothing here is a page
// (pages bring a policy of their own), nothing may be framed or guessed to be another type, and
// an address, which may hold a token, is told to nobody.
func headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set(echo.HeaderXContentTypeOptions, "nosniff")
		h.Set(echo.HeaderReferrerPolicy, "no-referrer")
		h.Set(echo.HeaderContentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'")
		h.Set(echo.HeaderCacheControl, "no-store")
		return next(c)
	}
}
