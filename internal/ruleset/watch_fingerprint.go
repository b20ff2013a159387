package ruleset

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// fingerprint tells one state of the table from another, whatever its counters
// say: nothing else in it changes with the packets.
type fingerprint string

const (
	unknown fingerprint = ""
	noTable fingerprint = "no table"
)

// fingerprint reads the table and says which generation it belongs to. It is
// unknown where somebody commits so often that it cannot be read in between.
func (w *Watcher) fingerprint() (sum fingerprint, generation uint32, err error) {
	for range 10 {
		before, err := w.generation()
		if err != nil {
			return unknown, 0, err
		}
		sum, problem := w.read()
		if generation, err = w.generation(); err != nil || generation == before {
			return sum, generation, errors.Join(problem, err)
		}
	}
	return unknown, generation, nil
}

func (w *Watcher) read() (fingerprint, error) {
	all, err := w.request(unix.NFT_MSG_GETTABLE, 0, tableName)
	if errors.Is(err, unix.ENOENT) {
		return noTable, nil
	}
	chains, err1 := w.request(unix.NFT_MSG_GETCHAIN, netlink.Dump, tableName)
	rules, err2 := w.request(unix.NFT_MSG_GETRULE, netlink.Dump, tableName)
	sets, err3 := w.request(unix.NFT_MSG_GETSET, netlink.Dump, tableName)
	all, err = slices.Concat(all, chains, sets), errors.Join(err, err1, err2, err3)
	for _, s := range sets {
		elements, err1 := w.request(unix.NFT_MSG_GETSETELEM, netlink.Dump, tableName, stringOf(s, unix.NFTA_SET_NAME))
		all, err = append(all, elements...), errors.Join(err, err1)
	}
	h := sha256.New()
	for _, m := range all {
		if isOurTable(m) { // chains come from all tables
			h.Write(m.Data[headerSize:])
		}
	}
	for _, m := range rules {
		h.Write(valueOf(m, unix.NFTA_RULE_CHAIN))
		for _, e := range valuesIn(valueOf(m, unix.NFTA_RULE_EXPRESSIONS), unix.NFTA_LIST_ELEM) {
			if name := valuesIn(e, unix.NFTA_EXPR_NAME); len(name) != 1 || string(name[0]) != "counter\x00" {
				h.Write(e)
			}
		}
	}
	return fingerprint(h.Sum(nil)), err
}

// generation asks the kernel for the number of the newest transaction.
func (w *Watcher) generation() (uint32, error) {
	answer, err := w.request(unix.NFT_MSG_GETGEN, 0)
	if err == nil && len(answer) == 0 {
		err = errors.New("no answer")
	}
	if err != nil {
		return 0, fmt.Errorf("ask nftables for its generation: %w", err)
	}
	return uint32Of(answer[0], unix.NFTA_GEN_ID), nil
}

const (
	nftables = unix.NFNL_SUBSYS_NFTABLES << 8 // in the type of each message
	// nftMsgDestroyTable is NFT_MSG_DESTROYTABLE of linux/netfilter/nf_tables.h,
	// which package unix does not have.
	nftMsgDestroyTable = 0x1a
	// tableAttribute is the name of the table, whatever a message is about:
	// NFTA_CHAIN_TABLE, NFTA_RULE_TABLE and the others are the same number.
	tableAttribute = unix.NFTA_TABLE_NAME
)

// request asks about a table, or about a set of it.
func (w *Watcher) request(kind int, flags netlink.HeaderFlags, names ...string) ([]netlink.Message, error) {
	e := netlink.NewAttributeEncoder()
	for i, name := range names {
		e.String(uint16(tableAttribute+i), name)
	}
	data, err := e.Encode()
	if err != nil {
		return nil, err
	}
	return w.kernel.Execute(netlink.Message{
		Header: netlink.Header{Type: netlink.HeaderType(nftables | kind), Flags: netlink.Request | flags},
		Data:   append([]byte{unix.NFPROTO_INET, unix.NFNETLINK_V0, 0, 0}, data...),
	})
}

func isOurTable(m netlink.Message) bool {
	return len(m.Data) > headerSize && m.Data[0] == unix.NFPROTO_INET && stringOf(m, tableAttribute) == tableName
}

// valuesIn are the values of an attribute, as often as it is there.
func valuesIn(data []byte, attribute uint16) [][]byte {
	var out [][]byte
	d, err := netlink.NewAttributeDecoder(data)
	for err == nil && d.Next() {
		if d.Type() == attribute {
			out = append(out, d.Bytes())
		}
	}
	return out
}

// valueOf is the value of an attribute of a message; nil if it has none such.
func valueOf(m netlink.Message, attribute uint16) []byte {
	if values := valuesIn(m.Data[min(headerSize, len(m.Data)):], attribute); len(values) > 0 {
		return values[0]
	}
	return nil
}

func stringOf(m netlink.Message, attribute uint16) string {
	return strings.TrimRight(string(valueOf(m, attribute)), "\x00")
}

func uint32Of(m netlink.Message, attribute uint16) uint32 {
	if v := valueOf(m, attribute); len(v) == 4 {
		return binary.BigEndian.Uint32(v)
	}
	return 0
}
