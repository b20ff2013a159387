package funcs

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"

	"github.com/cespare/xxhash/v2"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	sum := func(name, doc string, f func([]byte) []byte) *Func {
		return &Func{Name: name, Sig: "source:plain", Returns: value.StringType, Doc: doc,
			Eval: func(c *Call) any { return hex.EncodeToString(f([]byte(c.Text(0)))) }}
	}
	register(Scalar, "hashes and encodings", []*Func{
		sum("hash_sha256", "Gives the SHA-256 hash of a value's text in hexadecimal.", func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }),
		sum("hash_sha1", "Gives the SHA-1 hash of a value's text in hexadecimal.", func(b []byte) []byte { s := sha1.Sum(b); return s[:] }),
		sum("hash_md5", "Gives the MD5 hash of a value's text in hexadecimal.", func(b []byte) []byte { s := md5.Sum(b); return s[:] }),
		{Name: "hash", Sig: "source:scalar mod:integer?", Returns: value.LongType, Resolve: resolveHash(1), Doc: "Gives a hash of a value, below the second argument if there is one.", Eval: evalHash},
		{Name: "hash_xxhash64", Sig: "source:scalar mod:integer?", Returns: value.LongType, Resolve: resolveHash(1), Doc: "Gives the xxHash64 of a value, below the second argument if there is one.", Eval: evalHash},
		{Name: "hash_combine", Sig: "hash1:integer hash2:integer more:integer?*", Returns: value.LongType, Doc: "Makes one hash of several.", Differs: combines, Eval: func(c *Call) any {
			hashes := make([]int64, len(c.Args))
			for i := range c.Args {
				hashes[i] = c.Int(i, 0)
			}
			return combine(hashes)
		}},
		{Name: "hash_many", Sig: "source:scalar more:scalar?*", Returns: value.LongType, Resolve: resolveHash(-1), Doc: "Makes one hash of several values.", Differs: combines, Eval: func(c *Call) any {
			hashes := make([]int64, len(c.Args))
			for i := range c.Args {
				hashes[i] = hashOf(c, i)
			}
			return combine(hashes)
		}},
		{Name: "new_guid", Returns: value.GuidType, Volatile: true, Doc: "Makes a new guid.", Eval: evalNewGuid},
	})
}

// resolveHash refuses to hash dynamic values. Argument mod, if there is one, is
// a whole number.
func resolveHash(mod int) func([]value.Type) ([]value.Type, value.Type, error) {
	return func(args []value.Type) ([]value.Type, value.Type, error) {
		for i, t := range args {
			if i == mod {
				_, err := Param{Name: "mod", Kind: "integer"}.Accept(t)
				if err != nil {
					return args, value.LongType, err
				}
				continue
			}
			if t == value.DynamicType {
				return args, value.LongType, fmt.Errorf("a dynamic value has no hash: convert it with tostring")
			}
		}
		return args, value.LongType, nil
	}
}

func evalHash(c *Call) any {
	h := hashOf(c, 0)
	if mod := c.Int(1, 0); mod > 0 {
		return modulo(h, mod)
	}
	return h
}

// hashOf hashes a value as it lies in memory: numbers and times little-endian,
// texts in UTF-8.
func hashOf(c *Call, i int) int64 {
	var b []byte
	switch x := c.Args[i].(type) {
	case int64:
		b = binary.LittleEndian.AppendUint64(nil, uint64(x))
		if c.Types[i] == value.IntType {
			b = b[:4]
		}
	case float64:
		b = binary.LittleEndian.AppendUint64(nil, math.Float64bits(x))
	case value.Datetime:
		b = binary.LittleEndian.AppendUint64(nil, uint64(x))
	case value.Timespan:
		b = binary.LittleEndian.AppendUint64(nil, uint64(x))
	case bool:
		b = []byte{0}
		if x {
			b[0] = 1
		}
	default:
		b = []byte(c.Text(i))
	}
	return int64(xxhash.Sum64(b))
}

const combines = "Kusto does not publish how it combines hashes: the results are others than its own, and as good"

// combine mixes hashes so that their order matters.
func combine(hashes []int64) any {
	var b []byte
	for _, h := range hashes {
		b = binary.LittleEndian.AppendUint64(b, uint64(h))
	}
	return int64(xxhash.Sum64(b))
}

func evalNewGuid(*Call) any {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return nil
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	g, _ := value.ParseGuid(fmt.Sprintf("%x", b))
	return g
}
