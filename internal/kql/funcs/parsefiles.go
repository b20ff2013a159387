package funcs

import (
	"encoding/csv"
	"math/big"
	"regexp"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	register(Scalar, "parsing", []*Func{
		{Name: "parse_csv", Sig: "text:stringish", Returns: value.DynamicType, Naming: FirstArg, Doc: "Gives the values of the first line of CSV.", Eval: evalParseCSV},
		{Name: "parse_path", Sig: "path:string", Returns: value.DynamicType, Doc: "Gives the parts of a file's path: Scheme, RootPath, DirectoryPath, DirectoryName, Filename, Extension, AlternateDataStreamName.", Eval: func(c *Call) any { return parsePath(c.Str(0)) }},
		{Name: "parse_version", Sig: "version:string", Returns: value.DecimalType, Doc: "Gives a version of up to four numbers as a decimal that compares as versions do.", Eval: evalParseVersion},
		{Name: "parse_command_line", Sig: "command:any parser:string", Returns: value.DynamicType, Doc: "Cuts a command line into arguments as Windows does.", Eval: evalParseCommandLine},
	})
}

// evalParseCSV takes the first record; quotes may stand anywhere.
func evalParseCSV(c *Call) any {
	r := csv.NewReader(strings.NewReader(c.Str(0)))
	r.LazyQuotes = true
	fields, err := r.Read()
	if err != nil {
		fields = []string{c.Str(0)}
	}
	out := value.Array{}
	for _, f := range fields {
		out = append(out, f)
	}
	return out
}

var rootPath = regexp.MustCompile(`^(?:\\\\\?\\|/)?([A-Za-z]:)`)

// parsePath takes both kinds of slashes.
func parsePath(path string) any {
	scheme, rest, ok := strings.Cut(path, "://")
	if !ok {
		scheme, rest = "", path
	}
	root := ""
	if m := rootPath.FindStringSubmatch(rest); m != nil {
		root = m[1]
	}
	directory, file := "", rest
	if at := strings.LastIndexAny(rest, `/\`); at >= 0 {
		directory, file = rest[:at], rest[at+1:]
	} else {
		file = strings.TrimPrefix(rest, root)
	}
	name := directory[strings.LastIndexAny(directory, `/\`)+1:]
	if name == root {
		name = ""
	}
	file, stream, _ := strings.Cut(file, ":")
	extension := ""
	if at := strings.LastIndexByte(file, '.'); at >= 0 {
		extension = file[at+1:]
	}
	out := value.NewBag()
	for _, part := range []struct{ key, text string }{{"Scheme", scheme}, {"RootPath", root}, {"DirectoryPath", directory},
		{"DirectoryName", name}, {"Filename", file}, {"Extension", extension}, {"AlternateDataStreamName", stream}} {
		out.Set(part.key, part.text)
	}
	return out
}

var version = regexp.MustCompile(`^\d{1,8}(?:\.\d{1,8}){0,3}$`)

// evalParseVersion gives each of the four numbers eight decimal digits.
func evalParseVersion(c *Call) any {
	s := strings.TrimSpace(c.Str(0))
	if !version.MatchString(s) {
		return nil
	}
	digits := ""
	parts := strings.Split(s, ".")
	for i := range 4 {
		part := ""
		if i < len(parts) {
			part = parts[i]
		}
		digits += strings.Repeat("0", 8-len(part)) + part
	}
	n, _ := new(big.Int).SetString(digits, 10)
	d, ok := value.ParseDecimal(n.String())
	if !ok {
		return nil
	}
	return d
}

// evalParseCommandLine follows CommandLineToArgvW: backslashes count only in
// front of a quote, and the program's name knows no escapes.
func evalParseCommandLine(c *Call) any {
	if !strings.EqualFold(c.Str(1), "windows") {
		return nil
	}
	s := strings.TrimLeft(c.Text(0), " \t")
	out := value.Array{}
	if s == "" {
		return out
	}
	name, rest := programName(s)
	out = append(out, name)
	for rest = strings.TrimLeft(rest, " \t"); rest != ""; rest = strings.TrimLeft(rest, " \t") {
		var arg string
		arg, rest = commandArgument(rest)
		out = append(out, arg)
	}
	return out
}

func programName(s string) (name, rest string) {
	if s[0] == '"' {
		name, rest, _ = strings.Cut(s[1:], `"`)
		return name, rest
	}
	if at := strings.IndexAny(s, " \t"); at >= 0 {
		return s[:at], s[at:]
	}
	return s, ""
}

func commandArgument(s string) (arg, rest string) {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		slashes := 0
		for i+slashes < len(s) && s[i+slashes] == '\\' {
			slashes++
		}
		i += slashes
		if i >= len(s) || s[i] != '"' {
			b.WriteString(strings.Repeat(`\`, slashes))
			if i >= len(s) || !quoted && (s[i] == ' ' || s[i] == '\t') {
				return b.String(), s[min(i, len(s)):]
			}
			b.WriteByte(s[i])
			continue
		}
		b.WriteString(strings.Repeat(`\`, slashes/2))
		switch {
		case slashes%2 == 1:
			b.WriteByte('"')
		case quoted && i+1 < len(s) && s[i+1] == '"':
			b.WriteByte('"')
			i++
		default:
			quoted = !quoted
		}
	}
	return b.String(), ""
}
