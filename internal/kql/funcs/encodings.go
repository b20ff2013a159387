package funcs

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash/adler32"
	"hash/crc32"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// What cannot be decoded is an empty string, or null for other types.
func init() {
	text := func(name, doc string, f func(string) any) *Func {
		return &Func{Name: name, Sig: "text:string", Returns: value.StringType, Doc: doc, Eval: func(c *Call) any { return f(c.Str(0)) }}
	}
	old := func(f *Func, doc string) *Func { f.Hidden, f.Doc = true, doc; return f }
	const differs = "the compressed text may differ from Kusto's, what it decompresses to does not"
	gz, zl := text("gzip_compress_to_base64_string", "Compresses a text with gzip and encodes it in base64.", gzipText),
		text("zlib_compress_to_base64_string", "Compresses a text with zlib and encodes it in base64.", zlibText)
	gz.Differs, zl.Differs = differs, differs
	register(Scalar, "hashes and encodings", []*Func{
		text("base64_encode_tostring", "Encodes a text in base64.", encode64),
		old(text("base64_encodestring", "", encode64), "Is base64_encode_tostring."),
		text("base64_decode_tostring", "Decodes base64 to text.", decodeText),
		old(text("base64_decodestring", "", decodeText), "Is base64_decode_tostring."),
		{Name: "base64_decode_toarray", Sig: "base64:string", Returns: value.DynamicType, Doc: "Decodes base64 to an array of bytes.", Eval: evalDecodeArray},
		{Name: "base64_encode_fromarray", Sig: "bytes:array", Returns: value.StringType, Doc: "Encodes an array of bytes in base64.", Eval: evalEncodeArray},
		{Name: "base64_decode_toguid", Sig: "base64:string", Returns: value.GuidType, Doc: "Decodes base64 to a guid.", Eval: evalDecodeGuid},
		{Name: "base64_encode_fromguid", Sig: "guid:guid", Returns: value.StringType, Doc: "Encodes the bytes of a guid in base64.", Eval: evalEncodeGuid},
		gz, zl,
		text("gzip_decompress_from_base64_string", "Decodes base64 and decompresses it with gzip.", func(s string) any {
			return decompress(s, func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) })
		}),
		text("zlib_decompress_from_base64_string", "Decodes base64 and decompresses it with zlib.", func(s string) any {
			return decompress(s, func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) })
		}),
	})
}

func encode64(s string) any { return base64.StdEncoding.EncodeToString([]byte(s)) }

// decodeText takes bytes that are UTF-8 only.
func decodeText(s string) any {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || !utf8.Valid(b) {
		return nil
	}
	return string(b)
}

func evalDecodeArray(c *Call) any {
	b, err := base64.StdEncoding.DecodeString(c.Str(0))
	if err != nil {
		return nil
	}
	if !fits(len(b), element) {
		return ErrMemory
	}
	out := make(value.Array, len(b))
	for i, x := range b {
		out[i] = int64(x)
	}
	return out
}

func evalEncodeArray(c *Call) any {
	list, ok := c.Args[0].(value.Array)
	out := make([]byte, len(list))
	for i, e := range list {
		n, isByte := e.(int64)
		if !isByte || n < 0 || n > 255 {
			return nil
		}
		out[i] = byte(n)
	}
	if !ok {
		return nil
	}
	return base64.StdEncoding.EncodeToString(out)
}

// guidBytes turns the bytes of a guid's text into those that it is stored as,
// and back: its first three numbers are little-endian.
func guidBytes(b []byte) []byte {
	order := [16]int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}
	out := make([]byte, 16)
	for i, at := range order {
		out[i] = b[at]
	}
	return out
}

func evalDecodeGuid(c *Call) any {
	b, err := base64.StdEncoding.DecodeString(c.Str(0))
	if err != nil || len(b) != 16 {
		return nil
	}
	g, _ := value.ParseGuid(hex.EncodeToString(guidBytes(b)))
	return g
}

func evalEncodeGuid(c *Call) any {
	g, _ := c.Args[0].(value.Guid)
	b, err := hex.DecodeString(strings.ReplaceAll(string(g), "-", ""))
	if err != nil || len(b) != 16 {
		return nil
	}
	return base64.StdEncoding.EncodeToString(guidBytes(b))
}

// maxDecompressed bounds what a text may grow to, because a small one can grow
// to fill the memory.
const maxDecompressed = 32 << 20

func decompress(s string, open func(io.Reader) (io.Reader, error)) any {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	r, err := open(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	out, err := io.ReadAll(io.LimitReader(r, maxDecompressed+1))
	if err != nil || len(out) > maxDecompressed || !utf8.Valid(out) {
		return nil
	}
	return string(out)
}

// gzipText and zlibText store what does not get shorter, as Kusto does.
func gzipText(s string) any {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	if stored := storedBlock(s); stored != nil && b.Len() >= 18+len(s) {
		b.Reset()
		b.WriteString("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")
		b.Write(stored)
		b.Write(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(s))))
		b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(s))))
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func zlibText(s string) any {
	var b bytes.Buffer
	w, _ := zlib.NewWriterLevel(&b, zlib.BestSpeed)
	w.Write([]byte(s))
	w.Close()
	if stored := storedBlock(s); stored != nil && b.Len() >= 6+len(s) {
		b.Reset()
		b.WriteString("\x78\x01")
		b.Write(stored)
		b.Write(binary.BigEndian.AppendUint32(nil, adler32.Checksum([]byte(s))))
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// storedBlock is the last block of a stream that holds the text as it is, nil
// where it does not fit into one block.
func storedBlock(s string) []byte {
	if len(s) > 0xffff {
		return nil
	}
	n := uint16(len(s))
	b := binary.LittleEndian.AppendUint16([]byte{1}, n)
	return append(binary.LittleEndian.AppendUint16(b, ^n), s...)
}
