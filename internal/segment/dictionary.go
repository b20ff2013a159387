package segment

import (
	"net/netip"
	"unsafe"

	"github.com/sekisho/sekisho/internal/logs"
)

// dictionary gives each distinct text of a column a code, from 0 in the order
// in which they come.
type dictionary struct {
	// data and ends hold the texts, one behind the other.
	data []byte
	ends []uint32

	// table has the codes by the texts' hashes: open addressing, a power of two
	// long, and a quarter of it empty at least. A map would hold each text once
	// more; and this one stays in the cache with some thousand texts.
	table     []place
	addresses map[netip.Addr]int64
	// written are addresses as text, also those of segments before: the same
	// hosts come again.
	written map[netip.Addr]string
	// recent finds the code of a string by where the string is in memory:
	// most columns have a few values that are constants of the program, and
	// hashing those for each row would be half the work of writing it. The
	// strings are held, so that their memory is not used for others.
	recent []recent
	// hosts finds the code of an address by its last bytes.
	hosts []host
}

// recents is more than the usual number of a column's values, at little cost;
// where there are more values, there are up to so many more places. Both are
// powers of two.
const recents, mostRecents = 256, 1024

// maxWritten bounds what is remembered of addresses to some megabytes.
const maxWritten = 1 << 16

type recent struct {
	text string
	code int64 // plus 1, so that the zero value is none
}

type host struct {
	address netip.Addr
	code    int64 // plus 1
}

func (d *dictionary) reset() {
	d.data, d.ends = d.data[:0], d.ends[:0]
	clear(d.table)
	clear(d.addresses)
	clear(d.recent)
	clear(d.hosts)
}

func (d *dictionary) len() int { return len(d.ends) }

// bytes is about how much memory it takes.
func (d *dictionary) bytes() int { return len(d.data) + 20*len(d.ends) }

// at is the text with that code, which is the callee's only until the next is
// added.
func (d *dictionary) at(code int64) []byte {
	from := uint32(0)
	if code > 0 {
		from = d.ends[code-1]
	}
	return d.data[from:d.ends[code]]
}

// text is the code of a text, which is added where it is new.
func (d *dictionary) text(s string) int64 {
	r := d.slot(s)
	if r.code > 0 && same(r.text, s) {
		return r.code - 1
	}
	code := d.find(s)
	*r = recent{s, code + 1}
	return code
}

// resourceID is the code of a resource id in lower case.
func (d *dictionary) resourceID(id string) int64 {
	r := d.slot(id)
	if r.code > 0 && same(r.text, id) {
		return r.code - 1
	}
	code := d.find(logs.LowerID(id))
	*r = recent{id, code + 1}
	return code
}

// same reports whether two texts are the same place in memory.
func same(a, b string) bool {
	return len(a) == len(b) && unsafe.StringData(a) == unsafe.StringData(b)
}

// slot is where a string's code is, if anywhere. Constants lie side by side, a few
// bytes apart, so each bit of where they are counts: two that have the same slot are
// hashed for each row.
func (d *dictionary) slot(s string) *recent {
	if n := len(d.recent); n == 0 || n < mostRecents && n < len(d.ends) {
		d.recent = make([]recent, max(recents, 4*n)) // what was there is found again
	}
	at := uint64(uintptr(unsafe.Pointer(unsafe.StringData(s)))) + uint64(len(s))
	return &d.recent[at*0x9e3779b97f4a7c15>>32&uint64(len(d.recent)-1)]
}

// address is the code of an address as text.
func (d *dictionary) address(a netip.Addr) int64 {
	if d.hosts == nil {
		d.hosts = make([]host, 256)
	}
	bytes := a.As16()
	h := &d.hosts[bytes[15]^bytes[14]<<5]
	if h.code == 0 || h.address != a {
		*h = host{a, d.findAddress(a) + 1}
	}
	return h.code - 1
}

// findAddress is the code of an address by what it is.
func (d *dictionary) findAddress(a netip.Addr) int64 {
	if code, ok := d.addresses[a]; ok {
		return code
	}
	if d.addresses == nil {
		d.addresses, d.written = make(map[netip.Addr]int64), make(map[netip.Addr]string)
	}
	text, ok := d.written[a]
	if !ok {
		if len(d.written) >= maxWritten {
			clear(d.written)
		}
		text = a.String()
		d.written[a] = text
	}
	code := d.find(text)
	d.addresses[a] = code
	return code
}
