package tree

import "bytes"

// uncommented blanks the comments out, so that everything else keeps its line.
// Comments are // to the end of the line and /* to */.
func uncommented(text []byte) []byte {
	if !bytes.Contains(text, []byte("//")) && !bytes.Contains(text, []byte("/*")) {
		return text
	}
	text = bytes.Clone(text)
	for i := 0; i < len(text); {
		switch {
		case text[i] == '"':
			i = afterString(text, i)
		case bytes.HasPrefix(text[i:], []byte("//")):
			i = blank(text, i, endOf(text, i, "\n"))
		case bytes.HasPrefix(text[i:], []byte("/*")):
			i = blank(text, i, min(endOf(text, i+2, "*/")+2, len(text)))
		default:
			i++
		}
	}
	return text
}

// afterString returns the place behind the string that begins at i.
func afterString(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return min(i+1, len(text))
}

// endOf returns where mark stands, or the end of the text.
func endOf(text []byte, from int, mark string) int {
	if i := bytes.Index(text[from:], []byte(mark)); i >= 0 {
		return from + i
	}
	return len(text)
}

func blank(text []byte, from, to int) int {
	for i := from; i < to; i++ {
		if text[i] != '\n' {
			text[i] = ' '
		}
	}
	return to
}
