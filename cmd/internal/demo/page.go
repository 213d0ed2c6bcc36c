package demo

import (
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"tocsin/cmd/internal/standin"
	"tocsin/cmd/internal/web"
	"tocsin/configs"
	"tocsin/paging/twilio/telephone"
)

// onPage is how many texts the page shows per phone, newest first.
const onPage = 30

// Page adds the demo page and what it needs. It shows fictitious phones and lets the visitor
// answer and send alerts, without credentials; so it answers only to requests for a loopback
// name (a foreign site that resolves to loopback is refused) that carry its own header (a
// foreign form cannot).
func Page(w *standin.World, c *configs.Config, url string) func(*echo.Echo) {
	p := &page{world: w, config: c, senders: Senders{World: w, URL: url, Start: time.Now()}}
	return func(e *echo.Echo) {
		g := e.Group("", p.loopbackOnly)
		for path, asset := range map[string]string{"/": "index.html", "/demo/app.js": "app.js", "/demo/style.css": "style.css"} {
			g.GET(path, web.Asset(asset))
		}
		g.GET("/demo/state", p.state)
		g.POST("/demo/reply", p.reply, ownHeader)
		g.POST("/demo/send", p.send, ownHeader)
	}
}

type page struct {
	world   *standin.World
	config  *configs.Config
	senders Senders
}

func (p *page) loopbackOnly(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		host := c.Request().Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return echo.ErrNotFound
		}
		return next(c)
	}
}

func ownHeader(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Request().Header.Get("X-Tocsin-Demo") == "" {
			return echo.ErrNotFound
		}
		return next(c)
	}
}

type phoneView struct {
	Name  string     `json:"name"`
	Phone string     `json:"phone"`
	Texts []textView `json:"texts"`
}

type textView struct {
	At   time.Time `json:"at"`
	Mine bool      `json:"mine"` // sent from this phone
	Body string    `json:"body"`
}

// state is what the four phones show.
func (p *page) state(c echo.Context) error {
	events := p.world.Phone.Log()
	var phones []phoneView
	for name, u := range p.config.Book().Users {
		v := phoneView{Name: string(name), Phone: u.Contacts[0].Address, Texts: []textView{}}
		for _, e := range slices.Backward(events) {
			if len(v.Texts) < onPage {
				v.Texts = appendText(v.Texts, e, v.Phone)
			}
		}
		phones = append(phones, v)
	}
	slices.SortFunc(phones, func(a, b phoneView) int { return compare(a.Name, b.Name) })
	return c.JSON(http.StatusOK, map[string]any{"phones": phones})
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

func appendText(texts []textView, e telephone.Event, phone string) []textView {
	switch {
	case e.Text != nil && e.Text.Reached == phone:
		return append(texts, textView{At: e.Text.At, Body: e.Text.Body})
	case e.Inbound != nil && e.Inbound.From == phone:
		return append(texts, textView{At: e.Inbound.At, Mine: true, Body: e.Inbound.Body})
	default:
		return texts
	}
}

// reply sends a text from one of the phones.
func (p *page) reply(c echo.Context) error {
	var body struct{ Phone, Body string }
	if err := c.Bind(&body); err != nil || body.Phone == "" {
		return echo.ErrNotFound
	}
	if _, err := p.world.Phone.Reply(c.Request().Context(), body.Phone, standin.Number, body.Body); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// send plays a sender.
func (p *page) send(c echo.Context) error {
	var body struct{ Sender Sender }
	if err := c.Bind(&body); err != nil {
		return echo.ErrNotFound
	}
	if err := p.senders.Send(c.Request().Context(), body.Sender); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
