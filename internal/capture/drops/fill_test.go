package drops

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

func attr(kind uint16, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	out := binary.NativeEndian.AppendUint16(nil, uint16(4+len(body)))
	out = binary.NativeEndian.AppendUint16(out, kind)
	out = append(out, body...)
	for len(out)%4 != 0 {
		out = append(out, 0)
	}
	return out
}

const nested = 0x8000

func tup(kind uint16, src, dst [4]byte, sp, dp uint16) []byte {
	be := binary.BigEndian
	return attr(kind|nested,
		attr(1|nested, attr(1, src[:]), attr(2, dst[:])),
		attr(2|nested, attr(1, []byte{17}), attr(2, be.AppendUint16(nil, sp)), attr(3, be.AppendUint16(nil, dp))))
}

func TestFill(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nftc(t, `table inet x { chain c { type filter hook forward priority 0; ct state invalid counter; }; }`)
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_NETFILTER)
	if err != nil {
		t.Fatal(err)
	}
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, 4<<20)
	start := time.Now()
	n := 262144
	var buf []byte
	for i := 0; i < n; i++ {
		a, b := [4]byte{10, 8, byte(i >> 8), byte(i)}, [4]byte{10, 9, 2, 2}
		sp := uint16(1 + i>>16)
		be := binary.BigEndian
		body := []byte{unix.AF_INET, 0, 0, 0}
		body = append(body, tup(1, a, b, sp, 53)...)
		body = append(body, tup(2, b, a, 53, sp)...)
		body = append(body, attr(3, be.AppendUint32(nil, 0xe))...)
		body = append(body, attr(7, be.AppendUint32(nil, 600))...)
		buf = binary.NativeEndian.AppendUint32(buf, uint32(16+len(body)))
		buf = binary.NativeEndian.AppendUint16(buf, 1<<8|0)
		buf = binary.NativeEndian.AppendUint16(buf, unix.NLM_F_REQUEST|unix.NLM_F_CREATE)
		buf = append(buf, 0, 0, 0, 0, 0, 0, 0, 0)
		buf = append(buf, body...)
		if len(buf) > 100000 || i == n-1 {
			if err := unix.Sendto(fd, buf, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
				t.Fatal(err)
			}
			buf = buf[:0]
		}
	}
	c, _ := os.ReadFile("/proc/sys/net/netfilter/nf_conntrack_count")
	fmt.Println(time.Since(start), strings.TrimSpace(string(c)))
	w, err := Open(Config{DropsInvalid: true})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	p := testnet.TCP{Source: netip.AddrPortFrom(router.Client.Address, 9), Dest: netip.MustParseAddrPort("10.9.2.2:80"), Flags: "S", Seq: 1}.Bytes(t)
	router.Client.Send(t, p)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w.Run(ctx, func(d []flow.Drop) {
		for _, d := range d {
			fmt.Printf("   %+v\n", d)
		}
	})
	x, _ := os.ReadFile("/proc/net/stat/nf_conntrack")
	fmt.Println(string(x))
	m, _ := os.ReadFile("/proc/meminfo")
	fmt.Println(string(m[:90]))
}
