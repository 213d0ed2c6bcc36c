package standby

import (
	"context"
	"slices"

	"tocsin/escalation/engine"
	"tocsin/paging"
)

// Reply answers a text as [engine.Engine] does. While the store is away this process knows the
// codes of its own texts; a reply with any other is kept, and applied before anybody is paged
// when the store is back.
func (s *Standby) Reply(ctx context.Context, in engine.Text) (string, error) {
	if phase, _ := s.Phase(); phase == Up || phase == Replaying {
		shared, cancel := context.WithTimeout(ctx, s.cfg.Patience)
		answer, err := s.shared.Reply(shared, in)
		timeout := shared.Err() != nil && ctx.Err() == nil
		cancel()
		if err == nil || !away(err) && !timeout {
			return answer, err
		}
		if err := s.look(ctx); err != nil {
			s.fall(err)
		}
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.replyAlone(ctx, in)
}

// replyAlone answers from the spool. Callers hold mu.
func (s *Standby) replyAlone(ctx context.Context, in engine.Text) (string, error) {
	reply, ok := paging.ParseReply(in.Body)
	if s.local == nil || !s.shared.Knows(in.From) {
		return s.keepReply(ctx, in, reply, ok)
	}
	codes, err := s.spool.store.Codes(ctx, in.From, s.shared.Now())
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
	if err := s.spool.ledger.add(ctx, s.cfg.Now(), record{Text: &in}); err != nil {
		return "", err
	}
	return paging.KeptText(r), nil
}
