package policy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// siblings are the things that may not share a name or a priority: the groups
// of a policy, the collections of a group, the rules of a collection.
type siblings struct {
	kind string // as problems call it
	// free lets names hold whatever can be printed, as Azure's names of rules.
	free       bool
	names      map[string]string // in lower case, to the path where it stands
	priorities map[int]string
}

// Names of policies, groups and collections follow the pattern of Azure's
// resources.
var namePattern = regexp.MustCompile(`^[0-9A-Za-z]([0-9A-Za-z_.-]{0,78}[0-9A-Za-z_])?$`)

const maxName = 80

// name reads the field "name" of one of the siblings.
func (m mapping) name(s *siblings) string {
	name := m.text("name")
	switch {
	case m.fields["name"] == nil || m.fields["name"] == "":
		m.missing("name", fmt.Sprintf("every %s has one", s.kind))
	case name == "": // not text; told already
	case s.free && !printable(name):
		m.problem("name", name, "is no name of a "+s.kind,
			fmt.Sprintf("at most %d printable characters, no blank at either end", maxName))
	case !s.free && !namePattern.MatchString(name):
		m.problem("name", name, "is no name of a "+s.kind,
			fmt.Sprintf("at most %d letters, digits, _, . and -; a letter or digit first, no . or - last", maxName))
	default:
		m.claimName(s, name)
	}
	return name
}

// claimName tells about a name that is taken. Azure's names differ by more
// than case.
func (m mapping) claimName(s *siblings, name string) {
	key := strings.ToLower(name)
	if first, taken := s.names[key]; taken {
		m.problem("name", name, fmt.Sprintf("is the name of another %s, on line %d", s.kind, m.reader.doc.Line(first)),
			"names tell rules apart in the logs")
		return
	}
	if s.names == nil {
		s.names = map[string]string{}
	}
	s.names[key] = m.at("name")
}

func printable(name string) bool {
	return utf8.ValidString(name) && utf8.RuneCountInString(name) <= maxName && strings.TrimSpace(name) == name &&
		!strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}

// priority reads the field "priority" of one of the siblings; 0 where it holds
// none.
func (m mapping) priority(s *siblings) int {
	value := m.fields["priority"]
	hint := fmt.Sprintf("a number from %d to %d; the lowest goes first", MinPriority, MaxPriority)
	switch number := value.(type) {
	case nil:
		m.missing("priority", hint)
	case uint64:
		if number < MinPriority || number > MaxPriority {
			m.problem("priority", strconv.FormatUint(number, 10), "is no priority", hint)
			return 0
		}
		m.claimPriority(s, int(number))
		return int(number)
	default:
		m.wrong("priority", value, "a number", hint)
	}
	return 0
}

// claimPriority tells about a priority that is taken: the order of the two
// would be chance.
func (m mapping) claimPriority(s *siblings, priority int) {
	if first, taken := s.priorities[priority]; taken {
		m.problem("priority", strconv.Itoa(priority),
			fmt.Sprintf("is the priority of another %s, on line %d", s.kind, m.reader.doc.Line(first)),
			"give each its own; the lowest goes first")
		return
	}
	if s.priorities == nil {
		s.priorities = map[int]string{}
	}
	s.priorities[priority] = m.at("priority")
}
