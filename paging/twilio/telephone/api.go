package telephone

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/paging"
)

// maxRequest bounds a request's body. The longest text is below 10 kB as a form.
const maxRequest = 64 << 10

func (t *Telephone) routes() *http.ServeMux {
	mux := http.NewServeMux()
	const root = "/2010-04-01/Accounts/{account}/"
	mux.HandleFunc("POST "+root+"Messages.json", t.create)
	mux.HandleFunc("GET "+root+"Messages.json", t.list)
	mux.HandleFunc("GET "+root+"Messages/{file}", t.fetch)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { notFound(w, r) })
	return mux
}

// ServeHTTP answers as Twilio's API does. It breaks the connection, by panicking with
// http.ErrAbortHandler, when a fault says so.
func (t *Telephone) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if t.ctx.Err() != nil {
		refuse(w, apiError{Code: 20503, Message: "the telephone is closed"})
		return
	}
	user, password, _ := r.BasicAuth()
	sameUser := subtle.ConstantTimeCompare([]byte(user), []byte(t.account))
	samePass := subtle.ConstantTimeCompare([]byte(password), []byte(t.token))
	if sameUser&samePass != 1 {
		w.Header().Set("WWW-Authenticate", `Basic realm="Twilio API"`)
		refuse(w, apiError{Code: 20003, Message: "Authenticate"})
		return
	}
	t.mux.ServeHTTP(w, r)
}

func (t *Telephone) create(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("account") != t.account {
		notFound(w, r)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	if err := r.ParseForm(); err != nil {
		refuse(w, apiError{Code: 20001, Message: "the form cannot be read"})
		return
	}
	t.mu.Lock()
	f := t.takeLocked(r.PostForm.Get("To"), Fault.texts)
	t.mu.Unlock()
	if f.answers() && !f.Accept {
		t.play(w, r, f)
		return
	}
	d, bad := t.judge(r.PostForm)
	if bad != nil {
		refuse(w, *bad)
		return
	}
	text, told, bad := t.accept(d, f)
	if bad != nil {
		refuse(w, *bad)
		return
	}
	if f.EarlyCallbacks {
		select {
		case <-told:
		case <-r.Context().Done():
		case <-t.ctx.Done():
		}
	}
	if f.answers() {
		t.play(w, r, f)
		return
	}
	t.linger(r, f)
	writeJSON(w, http.StatusCreated, t.resource(Event{Text: &text}))
}

// accept takes a text and starts its way, unless its phone said STOP. told is closed when its
// last receipt was posted.
func (t *Telephone) accept(d draft, f Fault) (taken Text, told <-chan struct{}, bad *apiError) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.opted[pair{d.to, d.from}] {
		return Text{}, nil, &apiError{Code: 21610, Message: "Attempt to send to unsubscribed recipient"}
	}
	e := &Event{At: t.clock(), Text: &Text{SID: newSID("SM"), At: t.clock(), From: d.from, To: d.to, Body: d.body,
		Via: ViaAPI, Status: "queued", Segments: paging.Segments(d.body), Callback: d.callback}}
	taken = *e.Text
	told = t.startLocked(e, d.valid, f)
	if told == nil {
		return Text{}, nil, &apiError{Code: 20503, Message: "the telephone is closed"}
	}
	return taken, told, nil
}

func (t *Telephone) fetch(w http.ResponseWriter, r *http.Request) {
	sid, isJSON := strings.CutSuffix(r.PathValue("file"), ".json")
	t.mu.Lock()
	e := t.texts[sid]
	if e == nil {
		e = t.inbound[sid]
	}
	var found Event
	var f Fault
	if e != nil {
		found = e.clone()
	}
	if found.Text != nil {
		f = t.takeLocked(found.Text.To, Fault.lookups)
	}
	t.mu.Unlock()
	if f.answers() {
		t.play(w, r, f)
		return
	}
	t.linger(r, f)
	if !isJSON || e == nil || r.PathValue("account") != t.account {
		notFound(w, r)
		return
	}
	writeJSON(w, http.StatusOK, t.resource(found))
}

func (t *Telephone) list(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("account") != t.account {
		notFound(w, r)
		return
	}
	t.mu.Lock()
	f := t.takeLocked(r.URL.Query().Get("To"), Fault.lookups)
	t.mu.Unlock()
	if f.answers() {
		t.play(w, r, f)
		return
	}
	t.linger(r, f)
	q := r.URL.Query()
	size, err := strconv.Atoi(orElse(q.Get("PageSize"), "50"))
	page, err2 := strconv.Atoi(orElse(q.Get("Page"), "0"))
	if err != nil || err2 != nil || size < 1 || size > 1000 || page < 0 || page > 1<<20 {
		refuse(w, apiError{Code: 20001, Message: "PageSize must be 1 to 1000, and Page a number"})
		return
	}
	var found []messageJSON
	for _, e := range slices.Backward(t.messages(q.Get("To"))) { // newest first
		if m := t.resource(e); matches(m, q) {
			found = append(found, m)
		}
	}
	from := min(page*size, len(found))
	to := min(from+size, len(found))
	writeJSON(w, http.StatusOK, t.page(q, found[from:to], page, size, from, to < len(found)))
}

// matches applies the filters of a list. A text that is not sent yet has no sending date and
// passes none of the date filters.
func matches(m messageJSON, q map[string][]string) bool {
	get := func(k string) string {
		if v := q[k]; len(v) > 0 {
			return v[0]
		}
		return ""
	}
	if v := get("To"); v != "" && v != m.To {
		return false
	}
	if v := get("From"); v != "" && v != m.From {
		return false
	}
	for _, op := range []string{"DateSent", "DateSent<", "DateSent>"} {
		v := get(op)
		if v == "" {
			continue
		}
		bound, err := time.Parse(time.RFC3339, v)
		day, dayErr := time.Parse(time.DateOnly, v)
		switch {
		case err != nil && dayErr == nil:
			bound = day
		case err != nil:
			return false
		}
		sent := m.sentAt
		if sent.IsZero() || (op == "DateSent<" && sent.After(bound)) || (op == "DateSent>" && sent.Before(bound)) ||
			(op == "DateSent" && sent.UTC().Format(time.DateOnly) != bound.UTC().Format(time.DateOnly)) {
			return false
		}
	}
	return true
}

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
