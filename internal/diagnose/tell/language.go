package tell

import (
	"fmt"
	"strings"
)

// Language is one that there are sentences in.
type Language string

// The languages.
const (
	English  Language = "en"
	Japanese Language = "ja"
)

// Languages lists them.
func Languages() []Language { return []Language{English, Japanese} }

// ParseLanguage reads a language's code.
func ParseLanguage(text string) (Language, error) {
	for _, l := range Languages() {
		if strings.EqualFold(text, string(l)) {
			return l, nil
		}
	}
	return "", fmt.Errorf("unknown language %q: there is en and ja", text)
}

// FromLocale is the language that the environment asks for, and whether its
// characters can be written: the first of LC_ALL, LC_MESSAGES (for characters,
// LC_CTYPE) and LANG that is set counts (POSIX.1-2024, section 8.2). Where UTF-8
// cannot be written the language is English.
func FromLocale(getenv func(string) string) (l Language, utf8 bool) {
	first := func(names ...string) string {
		for _, n := range names {
			if v := getenv(n); v != "" {
				return v
			}
		}
		return ""
	}
	charset := strings.ToUpper(first("LC_ALL", "LC_CTYPE", "LANG"))
	utf8 = strings.Contains(charset, "UTF-8") || strings.Contains(charset, "UTF8")
	if utf8 && strings.HasPrefix(first("LC_ALL", "LC_MESSAGES", "LANG"), "ja") {
		return Japanese, true
	}
	return English, utf8
}

// period is a length of time in seconds, in words.
func period(l Language, seconds float64) string {
	units := map[Language][3]string{English: {" s", " min", " h"}, Japanese: {" 秒", " 分", " 時間"}}[l]
	switch {
	case seconds >= 7200:
		return trimmed(seconds/3600) + units[2]
	case seconds >= 120:
		return trimmed(seconds/60) + units[1]
	}
	return trimmed(seconds) + units[0]
}

func trimmed(f float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.1f", f), "0"), ".")
}
