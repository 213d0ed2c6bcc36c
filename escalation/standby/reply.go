package standby

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// Reply answers a text as [engine.Engine] does. While the store is away this process knows the
// codes of its own texts; a reply with any other is kept, and applied before anybody is paged
// when the store is back.
func (s *Standby) Reply(ctx context.Context, in engine.Text) (string, error) {
	for {
		if left, ok := s.asks(); ok {
			answer, err, why := s.replyShared(ctx, left, in)
			if why == nil {
				return answer, err
			}
			s.fall(left, why)
		}
		if r, ok := paging.ParseReply(in.Body); ok && !s.ownCodes(ctx, in) {
			if answer, taken := s.offer(ctx, in, r); taken {
				return answer, nil
			}
		}
		if answer, done, err := s.replyAlone(ctx, in); done || err != nil {
			return answer, err
		}
	}
}

// replyTries bounds how often a store that is slow is asked for one reply.
const replyTries = 2

// replyShared asks the shared engine. why is nil when it has answered, or cannot for now; else
// the store is away.
func (s *Standby) replyShared(ctx context.Context, left <-chan struct{}, in engine.Text) (answer string, err, why error) {
	if r, ok := paging.ParseReply(in.Body); ok && s.elsewhere(ctx, in, r) {
		if answer, taken := s.offer(ctx, in, r); taken {
			return answer, nil, nil
		}
	}
	for range replyTries {
		shared, cancel := context.WithTimeout(ctx, s.cfg.Patience)
		answer, err = s.shared.Reply(shared, in)
		timeout := shared.Err() != nil
		cancel()
		if err == nil || !away(err) && !timeout || ctx.Err() != nil {
			return answer, err, nil
		}
		if why := s.look(ctx); why != nil {
			return "", nil, why
		}
		select {
		case <-left:
			return "", nil, ErrAway
		default:
		}
	}
	return "", errors.Join(engine.ErrUnavailable, err), nil
}

// ownCodes says whether all codes of a text are of this process's own texts.
func (s *Standby) ownCodes(ctx context.Context, in engine.Text) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	known, err := s.knowsAll(ctx, ownBook{s.spool.store}, in)
	return err == nil && known
}

// offer asks the other processes about a text with codes that are not known here.
func (s *Standby) offer(ctx context.Context, in engine.Text, r paging.Reply) (string, bool) {
	if s.cfg.Peers == nil || len(r.Codes) == 0 || !s.shared.Knows(in.From) {
		return "", false
	}
	ctx, cancel := context.WithTimeout(ctx, offerTimeout)
	defer cancel()
	return s.cfg.Peers.Offer(ctx, in)
}

// codeBook is where codes are looked up: the shared store, or the spool.
type codeBook interface {
	Codes(ctx context.Context, phone string, now time.Time) ([]paging.Code, error)
}

// knowsAll says whether a text has codes, and all of them are in that book.
func (s *Standby) knowsAll(ctx context.Context, book codeBook, in engine.Text) (bool, error) {
	reply, ok := paging.ParseReply(in.Body)
	if !ok || len(reply.Codes) == 0 {
		return false, nil
	}
	codes, err := book.Codes(ctx, in.From, s.shared.Now())
	for _, want := range reply.Codes {
		if !slices.ContainsFunc(codes, func(c paging.Code) bool { return c.Code == want }) {
			return false, err
		}
	}
	return err == nil, err
}

// elsewhere says whether a text has codes of the block of processes that are on their own, and
// the store does not know them: they are of another process, which has not merged yet.
func (s *Standby) elsewhere(ctx context.Context, in engine.Text, r paging.Reply) bool {
	for _, c := range r.Codes {
		if n, err := strconv.Atoi(c); err != nil || n < store.FirstKeptCode || n > store.LastKeptCode {
			return false
		}
	}
	known, err := s.knowsAll(ctx, s.guard, in)
	return len(r.Codes) > 0 && err == nil && !known
}

// replyAlone answers from the spool. It does nothing when the store is asked again by now.
func (s *Standby) replyAlone(ctx context.Context, in engine.Text) (answer string, done bool, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.phase == Up || s.phase == Replaying {
		return "", false, nil
	}
	answer, err = s.replyHere(ctx, in)
	return answer, true, err
}

// replyHere answers from the spool. Callers hold mu.
func (s *Standby) replyHere(ctx context.Context, in engine.Text) (string, error) {
	reply, ok := paging.ParseReply(in.Body)
	if s.local == nil || !s.shared.Knows(in.From) {
		return s.keepReply(ctx, in, reply, ok)
	}
	codes, err := ownBook{s.spool.store}.Codes(ctx, in.From, s.shared.Now())
	if err != nil {
		return "", err
	}
	known := func(code string) bool {
		return slices.ContainsFunc(codes, func(c paging.Code) bool { return c.Code == code })
	}
	switch {
	case !ok, reply.Action == paging.ReplyCarrier, reply.Action == paging.ReplyList, reply.Action == paging.ReplyWho:
		return s.local.engine.Reply(ctx, in)
	case reply.Action == paging.ReplyAckAll:
		if _, err := s.keepReply(ctx, in, reply, ok); err != nil {
			return "", err
		}
		return s.local.engine.Reply(ctx, in)
	case reply.Action == paging.ReplyBareAck && len(codes) > 0:
		return s.local.engine.Reply(ctx, in)
	case len(reply.Codes) > 0 && !slices.ContainsFunc(reply.Codes, func(c string) bool { return !known(c) }):
		return s.local.engine.Reply(ctx, in)
	default:
		if slices.ContainsFunc(reply.Codes, known) {
			if _, err := s.local.engine.Reply(ctx, onlyKnown(in, reply, known)); err != nil {
				return "", err
			}
		}
		return s.keepReply(ctx, in, reply, ok)
	}
}

// onlyKnown is a text with those of its codes that are known here.
func onlyKnown(in engine.Text, r paging.Reply, known func(string) bool) engine.Text {
	r.Codes = slices.DeleteFunc(slices.Clone(r.Codes), func(c string) bool { return !known(c) })
	in.Body = r.String()
	in.ID += ":known"
	return in
}

// keepReply puts a text into the ledger, if it can mean anything later. Who is unknown gets no answer.
func (s *Standby) keepReply(ctx context.Context, in engine.Text, r paging.Reply, ok bool) (string, error) {
	if !ok || r.Action == paging.ReplyCarrier || !s.shared.Knows(in.From) {
		return "", nil
	}
	if _, err := s.spool.ledger.add(ctx, s.shared.Now(), record{Text: &in}); err != nil {
		return "", err
	}
	return paging.KeptText(r), nil
}
