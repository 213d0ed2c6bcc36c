package redisstore

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/redis/go-redis/v9"

	"tocsin/escalation/store"
)

// later is what Open would have found out, while nobody could be asked.
type later struct{ shards int }

// Later returns a store that could not be reached yet: what Open finds out, the first Check does
// that gets an answer, and nothing else may be asked before. shards is the number of an earlier
// Open; 0 takes that of the URL.
func Later(url string, shards int, opts ...Option) (*Store, error) {
	s, t, err := connect(url, opts...)
	if err != nil {
		return nil, err
	}
	if shards <= 0 {
		shards = t.shards
	}
	s.shards = shards
	s.later.Store(&later{shards})
	return s, nil
}

// arrive does what Open does.
func (s *Store) arrive(ctx context.Context, l *later) error {
	ver, err := s.agree(ctx, layoutKey, layout)
	if err != nil {
		return err
	}
	if ver > layout {
		return newerLayout(ver)
	}
	n, err := s.agree(ctx, shardsKey, l.shards)
	if err != nil {
		return err
	}
	if n != l.shards {
		return fmt.Errorf("redisstore: the store has %d shards, and this process took it for one of %d while it could not be reached; "+
			"what it kept cannot be merged: move its spool away and start it again", n, l.shards)
	}
	s.later.CompareAndSwap(l, nil)
	return nil
}

func newerLayout(ver int) error {
	return fmt.Errorf("%w: the layout in Redis is %d, this version knows up to %d; upgrade this process", store.ErrNewer, ver, layout)
}

// Unreachable says whether Open failed because the store is away for now, and not because of
// something that somebody must mend: the URL, the password, the certificate, the version.
func Unreachable(err error) bool {
	var answer redis.Error
	if errors.As(err, &answer) {
		for _, prefix := range []string{"LOADING", "MASTERDOWN", "CLUSTERDOWN", "READONLY", "OOM", "MISCONF", "BUSY", "TRYAGAIN", "NOREPLICAS"} {
			if redis.HasErrorPrefix(err, prefix) {
				return true
			}
		}
		return false
	}
	var certificate *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var name *net.DNSError
	switch {
	case errors.As(err, &certificate), errors.As(err, &unknown):
		return false
	case errors.As(err, &name):
		return !name.IsNotFound
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF)
}
