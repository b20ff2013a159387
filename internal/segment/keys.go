package segment

import (
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/sekisho/sekisho/internal/logs"
)

// Key stands for what people look for: an address, a connection's id, or both
// ends of a packet. It is a hash. A segment's key filter says of a key that no row
// has it, or that some may have.
type Key uint64

// TupleColumns are the columns of a packet's two ends, the second and the fourth
// of whole numbers, which have a key together: see [TupleKey].
var TupleColumns = [4]string{"SourceIp", "SourcePort", "DestinationIp", "DestinationPort"}

// keyedTexts are the columns whose texts have keys, and what goes into the hash
// with them. Source and destination have it in common, because the answer to a
// packet has them the other way round.
var keyedTexts = map[string]uint64{
	"SourceIp": 1, "DestinationIp": 1, "TranslatedSourceIp": 2, "TranslatedDestinationIp": 2, connectionColumn: 3,
}

// tupleSalt goes into the hash of a tuple.
const tupleSalt = 4

// TextKey is the key of a text in a column; false where such texts have none. The
// empty text has none: absent is the same to queries.
func TextKey(column, text string) (Key, bool) {
	salt, ok := keyedTexts[column]
	if !ok || text == "" {
		return 0, false
	}
	return saltedKey(xxhash.Sum64String(text), salt), true
}

// TupleKey is the key of a packet's two ends, the same for one the other way
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
	// last has, for each connection, the tuple of its last row: few have more
	// than one.
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
	k.addTuples(b)
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

// addTuples adds the keys of those rows that have all of a tuple's columns.
func (k *keyMaker) addTuples(b *batch) {
	var ends [4]*column
	for i, name := range TupleColumns {
		if ends[i] = b.column(name); ends[i] == nil || ends[i].present == 0 {
			return
		}
	}
	id := b.column(connectionColumn)
	if id != nil {
		k.last = append(k.last[:0], make([]Key, id.dict.len())...)
	}
	from, to := k.texts[TupleColumns[0]], k.texts[TupleColumns[2]]
	for row := range b.rows {
		source, ok0 := ends[0].value(row)
		sourcePort, ok1 := ends[1].value(row)
		dest, ok2 := ends[2].value(row)
		destPort, ok3 := ends[3].value(row)
		if ok0 && ok1 && ok2 && ok3 {
			k.addTuple(tupleKey(from[source], sourcePort, to[dest], destPort), id, row)
		}
	}
}

// addTuple adds a tuple, if it is not that of the connection's row before.
func (k *keyMaker) addTuple(key Key, id *column, row int) {
	if id != nil {
		if code, ok := id.value(row); ok {
			if k.last[code] == key {
				return
			}
			k.last[code] = key
		}
	}
	k.keys = append(k.keys, key)
}
