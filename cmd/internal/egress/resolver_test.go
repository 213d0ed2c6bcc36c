package egress

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// names answers DNS questions (RFC 1035) over loopback. Each name leads to the addresses that
// answer gives for it at that moment.
func names(t *testing.T, answer func(name string) []netip.Addr) *net.Resolver {
	t.Helper()
	socket, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	t.Cleanup(func() { _ = socket.Close(); <-done })
	go func() {
		defer close(done)
		question := make([]byte, 1500)
		for {
			n, from, err := socket.ReadFrom(question)
			if err != nil {
				return
			}
			_, _ = socket.WriteTo(reply(question[:n], answer), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", socket.LocalAddr().String())
	}}
}

// reply repeats the header and the one question and adds the addresses of the kind asked for.
func reply(question []byte, answer func(string) []netip.Addr) []byte {
	end, labels := 12, []string(nil)
	for question[end] != 0 {
		n := int(question[end])
		labels = append(labels, string(question[end+1:end+1+n]))
		end += 1 + n
	}
	kind := binary.BigEndian.Uint16(question[end+1:])
	out := append([]byte(nil), question[:end+5]...)
	out[2], out[3] = 0x84, 0 // an answer, with authority
	count := uint16(0)
	for _, a := range answer(strings.Join(labels, ".")) {
		raw := a.AsSlice()
		if kind == 1 && len(raw) != 4 || kind == 28 && len(raw) != 16 {
			continue
		}
		out = append(out, 0xc0, 12, 0, byte(kind), 0, 1, 0, 0, 0, 0, 0, byte(len(raw)))
		out = append(out, raw...)
		count++
	}
	binary.BigEndian.PutUint16(out[6:], count)
	copy(out[8:12], make([]byte, 4)) // no authority, no additional records
	return out
}
