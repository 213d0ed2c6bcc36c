package api

import (
	"strings"

	"github.com/labstack/echo/v4"

	"tocsin/escalation"
	"tocsin/schedules"
)

const tokenKey = "token"

// requireToken lets a request through that carries a bearer token from the configuration.
func (s *Server) requireToken(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		scheme, token, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
		name := ""
		if strings.EqualFold(scheme, "Bearer") {
			name = s.tokenName(strings.TrimSpace(token))
		}
		if name == "" {
			s.Audit.Refused("api")
			return faulty(Unauthorized, "this needs the header `Authorization: Bearer TOKEN` with one of api_tokens", nil)
		}
		c.Set(tokenKey, name)
		return next(c)
	}
}

// actor is who acts: the token, on behalf of a configured user when the request names one.
func (s *Server) actor(c echo.Context, as string) (escalation.Actor, error) {
	name, _ := c.Get(tokenKey).(string)
	if as == "" {
		return escalation.Actor{Name: "token " + name, Via: "api"}, nil
	}
	user := schedules.UserID(as)
	if _, ok := s.Engine.Book().Users[user]; !ok {
		return escalation.Actor{}, faulty(Invalid, "there is no user "+as+" in the configuration", nil)
	}
	return escalation.Actor{User: user, Name: as, Via: "api"}, nil
}
