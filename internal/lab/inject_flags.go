package lab

import (
	"fmt"
	"strings"

	"github.com/gopacket/gopacket/layers"
)

// TCPFlags are the control bits of a TCP header (RFC 9293, section 3.1), FIN
// the lowest.
type TCPFlags uint8

// flagWords are in the order of the bits.
var flagWords = [...]string{"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"}

// ParseTCPFlags reads "SYN|ACK"; an empty text is no flag at all. The error
// names the word that is wrong.
func ParseTCPFlags(text string) (TCPFlags, error) {
	var flags TCPFlags
	if text == "" {
		return 0, nil
	}
words:
	for _, word := range strings.Split(text, "|") {
		for i, name := range flagWords {
			if strings.EqualFold(word, name) {
				flags |= 1 << i
				continue words
			}
		}
		return 0, fmt.Errorf("%q is no flag of TCP", word)
	}
	return flags, nil
}

func (f TCPFlags) set(t *layers.TCP) {
	bits := [...]*bool{&t.FIN, &t.SYN, &t.RST, &t.PSH, &t.ACK, &t.URG, &t.ECE, &t.CWR}
	for i, bit := range bits {
		*bit = f&(1<<i) != 0
	}
}
