package standby

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync/atomic"
	"time"

	"tocsin/escalation/engine"
	"tocsin/escalation/store"
)

// Peers carries a reply to the other processes of the installation.
type Peers interface {
	// Offer asks them, within the time of ctx, whether the code is theirs; taken says that one of
	// them has answered the text.
	Offer(ctx context.Context, in engine.Text) (answer string, taken bool)
}

// offerTimeout bounds how long all peers together may take: somebody waits for an answer.
const offerTimeout = 2 * time.Second

// secretSeries holds the secret by which the processes of one store know each other.
const secretSeries = "standby-secret"

// Secret is what the processes of one store share, to sign what they say to each other. It is
// made by the first process and kept in the store.
type Secret struct{ value atomic.Pointer[[]byte] }

// Learn reads the secret, and makes one when there is none.
func (s *Secret) Learn(ctx context.Context, from store.Store) error {
	fresh := []byte(rand.Text() + rand.Text())
	err := from.Append(ctx, secretSeries, 0, rand.Text(), fresh)
	if err != nil && !errors.Is(err, store.ErrConflict) {
		return err
	}
	value, err := from.Value(ctx, secretSeries, 1)
	if err == nil {
		s.value.Store(&value)
	}
	return err
}

// Sign returns the signature of a message; "" while the secret is not known.
func (s *Secret) Sign(message []byte) string {
	key := s.value.Load()
	if key == nil {
		return ""
	}
	mac := hmac.New(sha256.New, *key)
	_, _ = mac.Write(message) // never fails
	return hex.EncodeToString(mac.Sum(nil))
}

// Valid says whether a signature is that of a message.
func (s *Secret) Valid(message []byte, signature string) bool {
	want := s.Sign(message)
	return want != "" && hmac.Equal([]byte(want), []byte(signature))
}

// Offered is a reply that another process does not know what to do with. It is answered when
// its codes are of this process's own texts, or when the store can be asked here.
func (s *Standby) Offered(ctx context.Context, in engine.Text) (answer string, taken bool, err error) {
	if _, ok := s.asks(); ok {
		if known, err := s.knowsAll(ctx, s.guard, in); err != nil || !known {
			return "", false, err
		}
		answer, err = s.shared.Reply(ctx, in)
		return answer, err == nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.local == nil {
		return "", false, nil
	}
	if known, err := s.knowsAll(ctx, ownBook{s.spool.store}, in); err != nil || !known {
		return "", false, err
	}
	answer, err = s.local.engine.Reply(ctx, in)
	return answer, err == nil, err
}
