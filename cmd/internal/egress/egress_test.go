package egress

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/configs"
)

// denied are the addresses of II.3 #5 of the list of attacks: one a kind, and the disguises.
var denied = map[string]string{
	"127.0.0.1": "loopback", "127.8.8.8": "loopback", "::1": "loopback",
	"10.0.0.1": "private", "172.31.255.254": "private", "192.168.1.1": "private",
	"fc00::1": "private", "fd00:ec2::254": "private", // Amazon's metadata
	"169.254.169.254": "link-local", "fe80::1": "link-local",
	"100.64.0.1": "carrier", "100.100.100.200": "carrier", // Alibaba's metadata
	"168.63.129.16": "metadata", "192.0.0.192": "reserved",
	"0.0.0.0": "unspecified", "0.1.2.3": "unspecified", "::": "unspecified",
	"224.0.0.1": "multicast", "ff02::1": "multicast", "255.255.255.255": "reserved", "198.18.0.1": "benchmarks",
	"::ffff:127.0.0.1": "loopback", "::ffff:10.0.0.1": "private", "::127.0.0.1": "reserved",
	"64:ff9b::7f00:1": "loopback", "64:ff9b::a9fe:a9fe": "link-local", "64:ff9b:1::7f00:1": "reserved",
	"2002:7f00:1::1": "6to4", "2002:a00:1::": "6to4", "2001:0:7f00:1::": "Teredo", "4000::1": "reserved",
}

// TestNamesLeadToPublicAddressesOnly ensures that a name which resolves to an inner address, in
// whatever disguise, is never connected to, and that the refusal says why and what to do.
func TestNamesLeadToPublicAddressesOnly(t *testing.T) {
	for address, kind := range denied {
		t.Run(address, func(t *testing.T) {
			resolver := names(t, func(string) []netip.Addr { return []netip.Addr{netip.MustParseAddr(address)} })
			c, err := client("https://hooks.example.org/path", configs.Egress{}, Limits{}, resolver)
			require.NoError(t, err)
			_, _, err = get(t, c, "https://hooks.example.org/path")
			require.ErrorIs(t, err, ErrDenied)
			require.ErrorContains(t, err, "hooks.example.org leads to ")
			require.ErrorContains(t, err, kind)
			require.ErrorContains(t, err, "egress.allow")
		})
	}
}

// TestPublicAddresses ensures that the guard lets through what the Internet is made of, also
// where IPv4 is reached over NAT64.
func TestPublicAddresses(t *testing.T) {
	for _, address := range []string{"8.8.8.8", "1.1.1.1", "54.240.0.1", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111", "2a00:1450::1", "64:ff9b::808:808"} {
		require.NoError(t, guard{host: "hooks.example.org"}.judge(netip.MustParseAddr(address)), address)
	}
}

// TestRebinding ensures that a name is judged by the address of each connection: one that was
// public (or allowed) a moment ago and is inner now is refused.
func TestRebinding(t *testing.T) {
	server, hits := listen(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	var now atomic.Pointer[netip.Addr]
	lead := func(s string) { a := netip.MustParseAddr(s); now.Store(&a) }
	resolver := names(t, func(string) []netip.Addr { return []netip.Addr{*now.Load()} })
	address := "http://hooks.example.org:" + port(server)
	c, err := client(address, configs.Egress{PlainHTTP: true, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}, Limits{}, resolver)
	require.NoError(t, err)
	lead("127.0.0.1")
	_, _, err = get(t, c, address)
	require.NoError(t, err, "listed in egress.allow")
	c.CloseIdleConnections()
	lead("127.0.0.2")
	_, _, err = get(t, c, address)
	require.ErrorIs(t, err, ErrDenied, "not listed")
	require.EqualValues(t, 1, hits.Load())
}

// TestLiteralAddress ensures that an address which the admin wrote as digits is taken as it is,
// and that spellings which only some resolvers read as an address are not.
func TestLiteralAddress(t *testing.T) {
	server, hits := listen(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	c, err := Client(server.URL, configs.Egress{}, Limits{})
	require.NoError(t, err)
	_, _, err = get(t, c, server.URL)
	require.NoError(t, err)
	require.EqualValues(t, 1, hits.Load())
	resolver := names(t, func(string) []netip.Addr { return []netip.Addr{netip.MustParseAddr("127.0.0.1")} })
	for _, host := range []string{"localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost."} {
		address := "http://" + host + ":" + port(server)
		c, err := client(address, configs.Egress{PlainHTTP: true}, Limits{}, resolver)
		require.NoError(t, err)
		_, _, err = get(t, c, address)
		require.Error(t, err, host)
	}
	require.EqualValues(t, 1, hits.Load(), "nothing else arrived")
}

// TestOneAddressOnly ensures that a client calls nothing but what it was made for, and follows
// no redirect.
func TestOneAddressOnly(t *testing.T) {
	other, otherHits := listen(t, func(http.ResponseWriter, *http.Request) {})
	server, _ := listen(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	c, err := Client(server.URL, configs.Egress{}, Limits{})
	require.NoError(t, err)
	status, _, err := get(t, c, server.URL+"/any/path")
	require.NoError(t, err)
	require.Equal(t, http.StatusTemporaryRedirect, status)
	for _, address := range []string{other.URL, strings.Replace(server.URL, "http:", "https:", 1), "http://127.0.0.2:" + port(server)} {
		_, _, err = get(t, c, address)
		require.ErrorIs(t, err, ErrDenied, address)
	}
	require.Zero(t, otherHits.Load())
}

// TestNoProxyOfTheEnvironment ensures that HTTP_PROXY and its like do not send requests, and
// with them credentials, to a host that the configuration does not name.
func TestNoProxyOfTheEnvironment(t *testing.T) {
	proxy, hits := listen(t, func(http.ResponseWriter, *http.Request) {})
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	server, served := listen(t, func(http.ResponseWriter, *http.Request) {})
	resolver := names(t, func(string) []netip.Addr { return []netip.Addr{netip.MustParseAddr("127.0.0.1")} })
	address := "http://hooks.example.org:" + port(server)
	c, err := client(address, configs.Egress{PlainHTTP: true, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, Limits{}, resolver)
	require.NoError(t, err)
	_, _, err = get(t, c, address)
	require.NoError(t, err)
	require.Zero(t, hits.Load())
	require.EqualValues(t, 1, served.Load())
}

// TestAnswersAreBounded ensures that neither a long, nor a packed, nor a slow answer, nor one
// with endless headers holds memory or time.
func TestAnswersAreBounded(t *testing.T) {
	block := strings.Repeat("0", 1<<20)
	held := make(chan struct{})
	defer close(held)
	server, _ := listen(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/exact":
			_, _ = io.WriteString(w, block[:1000])
		case "/long":
			_, _ = io.WriteString(w, block[:1001])
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for range 4 {
				_, _ = io.WriteString(z, block)
			}
			_ = z.Close()
		case "/headers":
			w.Header().Set("X-Long", block)
		case "/slow":
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			<-held
		case "/silent":
			<-held
		}
	})
	c, err := Client(server.URL, configs.Egress{}, Limits{Answer: 1000, Timeout: 30 * time.Second})
	require.NoError(t, err)
	for path, want := range map[string]error{"/exact": nil, "/long": ErrTooLong, "/bomb": ErrTooLong} {
		status, data, err := get(t, c, server.URL+path)
		require.Equal(t, http.StatusOK, status, path)
		require.ErrorIs(t, err, want, path)
		require.Len(t, data, 1000, path)
	}
	_, _, err = get(t, c, server.URL+"/headers")
	require.Error(t, err)
	c, err = Client(server.URL, configs.Egress{}, Limits{Timeout: 100 * time.Millisecond})
	require.NoError(t, err)
	for _, path := range []string{"/silent", "/slow"} {
		_, _, err = get(t, c, server.URL+path)
		require.Error(t, err, path)
	}
}

// TestAddresses ensures that only addresses which can be called safely make a client, and that
// a refusal does not repeat what may be a secret.
func TestAddresses(t *testing.T) {
	for address, ok := range map[string]bool{
		"https://hooks.example.org": true, "https://hooks.example.org:8443/s3cret": true, "http://192.0.2.1:8080": true, "http://[::1]:8080/": true,
		"http://hooks.example.org/s3cret": false, "https://user:s3cret@hooks.example.org": false, "ftp://hooks.example.org": false,
		"file:///etc/passwd": false, "https:///s3cret": false, "//hooks.example.org": false, "https:s3cret": false, "gopher://127.0.0.1:6379/s3cret": false, "": false, "https://s3cret\n": false,
	} {
		c, err := Client(address, configs.Egress{}, Limits{})
		if ok {
			require.NoError(t, err, address)
			require.NotZero(t, c.Timeout)
			continue
		}
		require.Error(t, err, address)
		require.NotContains(t, err.Error(), "s3cret")
	}
}

func listen(t *testing.T, serve http.HandlerFunc) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var hits atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		serve(w, r)
	}))
	t.Cleanup(s.Close)
	return s, &hits
}

// get calls an address and reads the answer to its end.
func get(t *testing.T, c *http.Client, address string) (status int, data []byte, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	res, err := c.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	data, err = io.ReadAll(res.Body)
	return res.StatusCode, data, err
}

func port(s *httptest.Server) string {
	u, _ := url.Parse(s.URL)
	return u.Port()
}
