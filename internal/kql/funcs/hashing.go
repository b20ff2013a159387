package funcs

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	sum := func(name, doc string, f func([]byte) []byte) *Func {
		return &Func{Name: name, Sig: "source:any", Returns: value.StringType, Doc: doc,
			Eval: func(c *Call) any { return hex.EncodeToString(f([]byte(c.Text(0)))) }}
	}
	register(Scalar, "hashes and encodings", []*Func{
		sum("hash_sha256", "Gives the SHA-256 hash of a value's text in hexadecimal.", func(b []byte) []byte { s := sha256.Sum256(b); return s[:] }),
		sum("hash_sha1", "Gives the SHA-1 hash of a value's text in hexadecimal.", func(b []byte) []byte { s := sha1.Sum(b); return s[:] }),
		sum("hash_md5", "Gives the MD5 hash of a value's text in hexadecimal.", func(b []byte) []byte { s := md5.Sum(b); return s[:] }),
		{Name: "hash", Sig: "source:any mod:integer?", Returns: value.LongType, Doc: "Gives a hash of a value, below the second argument if there is one.", Eval: evalHash},
		{Name: "hash_xxhash64", Sig: "source:any mod:integer?", Returns: value.LongType, Doc: "Gives the xxHash64 of a value.", Eval: evalHash},
		{Name: "base64_encode_tostring", Sig: "text:string", Returns: value.StringType, Doc: "Encodes a text in base64.", Eval: func(c *Call) any { return base64.StdEncoding.EncodeToString([]byte(c.Str(0))) }},
		{Name: "base64_encodestring", Hidden: true, Sig: "text:string", Returns: value.StringType, Doc: "Is base64_encode_tostring.", Eval: func(c *Call) any { return base64.StdEncoding.EncodeToString([]byte(c.Str(0))) }},
		{Name: "base64_decode_tostring", Sig: "base64:string", Returns: value.StringType, Doc: "Decodes base64 to text.", Eval: evalBase64Decode},
		{Name: "base64_decodestring", Hidden: true, Sig: "base64:string", Returns: value.StringType, Doc: "Is base64_decode_tostring.", Eval: evalBase64Decode},
		{Name: "new_guid", Returns: value.GuidType, Volatile: true, Doc: "Makes a new guid.", Eval: evalNewGuid},
	})
}

func evalHash(c *Call) any {
	h := int64(xxhash.Sum64String(c.Text(0)))
	if mod := c.Int(1, 0); mod > 0 {
		return modulo(h, mod)
	}
	return h
}

func evalBase64Decode(c *Call) any {
	b, err := base64.StdEncoding.DecodeString(c.Str(0))
	if err != nil {
		return nil
	}
	return string(b)
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
