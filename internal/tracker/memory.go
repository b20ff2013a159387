package tracker

// place is where a connection is: that of an entry, from 1, or a number on a shelf.
type place uint32

const (
	// onShelf is the bit of places on a shelf, shelfBit the number of that which
	// says on which.
	onShelf  place = 1 << 31
	shelfBit       = 30
	numbers  place = 1<<shelfBit - 1
)

// memory is that of all connections.
type memory struct {
	entries entries
	shelves [2]shelf // of those that FINs closed, and RSTs: their time is not the same
}

func (m *memory) init() {
	for i := range m.shelves {
		m.shelves[i].mark = onShelf | place(i)<<shelfBit
	}
}

func (m *memory) shelf(at place) *shelf { return &m.shelves[at>>shelfBit&1] }

// key is that of the connection at a place.
func (m *memory) key(at place) *key {
	if at&onShelf != 0 {
		r, _ := m.shelf(at).at(at)
		return &r.key
	}
	return &m.entries.at(at).key
}
