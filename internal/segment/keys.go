package segment

import (
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/sekisho/sekisho/internal/logs"
)

// Key stands for what people look for: an address, a connection's id, two
// addresses that a packet is between, or these with both ports. It is a hash. A segment's key filter says of a key that no row
// has it, or that some may have.
type Key uint64

// TupleColumns are the columns of a packet's two ends, each an address and a port,
// which have keys together: see [PairKey] and [TupleKey].
var TupleColumns = [4]string{"SourceIp", "SourcePort", "DestinationIp", "DestinationPort"}

// keyedTexts are the columns whose texts have keys, and what goes into the hash
// with them. Source and destination have it in common, because the answer to a
// packet has them the other way round.
var keyedTexts = map[string]uint64{
	"SourceIp": 1, "DestinationIp": 1, "TranslatedSourceIp": 2, "TranslatedDestinationIp": 2, connectionColumn: 3,
}

// What goes into the hashes of a pair and of a tuple.
const pairSalt, tupleSalt = 4, 5

// TextKey is the key of a text in a column; false where such texts have none. The
// empty text has none: absent is the same to queries.
func TextKey(column, text string) (Key, bool) {
	salt, ok := keyedTexts[column]
	if !ok || text == "" {
		return 0, false
	}
	return saltedKey(xxhash.Sum64String(text), salt), true
}

// PairKey is the key of the addresses of a packet's two ends, the same for one the
// other way round. The client's port is seldom known.
func PairKey(from, to string) Key {
	return pairKey(xxhash.Sum64String(from), xxhash.Sum64String(to))
}

func pairKey(from, to uint64) Key { return saltedKey(scatter(from)+scatter(to), pairSalt) }

// TupleKey is the key of a packet's two ends with their ports, the same for one the other way
// round.
func TupleKey(from string, fromPort int64, to string, toPort int64) Key {
	return tupleKey(xxhash.Sum64String(from), fromPort, xxhash.Sum64String(to), toPort)
}

func tupleKey(from uint64, fromPort int64, to uint64, toPort int64) Key {
	return saltedKey(scatter(from+uint64(fromPort))+scatter(to+uint64(toPort)), tupleSalt)
}

func saltedKey(hash, salt uint64) Key { return Key(scatter(hash + salt*0x9e3779b97f4a7c15)) }

// scatter is MurmurHash3's last step: numbers that are near to each other become
// numbers of which any bits will do.
func scatter(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// hasKeys reports whether a table has columns whose texts have keys.
func hasKeys(t *logs.Table) bool {
	return slices.ContainsFunc(t.Columns, func(c logs.Column) bool { return keyedTexts[c.Name] > 0 })
}

// keyMaker finds the keys of batches, in memory that it uses again.
type keyMaker struct {
	keys []Key
	// texts are the hashes of a column's texts by their codes.
	texts map[string][]uint64
	// last has, for each connection, the tuple of its last row.
	last []Key
}

// keysOf gives the keys of a batch, some of them more than once.
func (k *keyMaker) keysOf(b *batch) []Key {
	k.keys = k.keys[:0]
	if k.texts == nil {
		k.texts = map[string][]uint64{}
	}
	for i := range b.columns {
		c := &b.columns[i]
		if salt, ok := keyedTexts[c.name]; ok && c.kind == isText {
			k.addTexts(c, salt)
		}
	}
	k.addPackets(b)
	return k.keys
}

func (k *keyMaker) addTexts(c *column, salt uint64) {
	hashes := k.texts[c.name][:0]
	for code := range c.dict.len() {
		text := c.dict.at(int64(code))
		hash := xxhash.Sum64(text)
		hashes = append(hashes, hash)
		if len(text) > 0 {
			k.keys = append(k.keys, saltedKey(hash, salt))
		}
	}
	k.texts[c.name] = hashes
}

// addPackets adds the keys of the two ends of each row that has both.
func (k *keyMaker) addPackets(b *batch) {
	var ends [4]*column
	for i, name := range TupleColumns {
		if ends[i] = b.column(name); ends[i] == nil {
			return
		}
	}
	id := b.column(connectionColumn)
	if id != nil {
		k.last = append(k.last[:0], make([]Key, id.dict.len())...)
	}
	from, to := k.texts[TupleColumns[0]], k.texts[TupleColumns[2]]
	for row := range b.rows {
		source, ok := ends[0].value(row)
		dest, okay := ends[2].value(row)
		if !ok || !okay {
			continue
		}
		sourcePort, ok := ends[1].value(row)
		destPort, okay := ends[3].value(row)
		if ok && okay {
			key := tupleKey(from[source], sourcePort, to[dest], destPort)
			if k.again(key, id, row) {
				continue
			}
			k.keys = append(k.keys, key)
		}
		k.keys = append(k.keys, pairKey(from[source], to[dest]))
	}
}

// again reports whether a row's tuple is that of its connection's row before. Few
// connections have more than one.
func (k *keyMaker) again(key Key, id *column, row int) bool {
	if id == nil {
		return false
	}
	code, ok := id.value(row)
	if !ok || k.last[code] == key {
		return ok
	}
	k.last[code] = key
	return false
}
