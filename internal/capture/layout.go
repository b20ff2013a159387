package capture

// ringMap is a ring of the program: the name of its map, and the size that the
// configuration gives it in bytes, 0 for the program's own.
type ringMap struct {
	name  string
	bytes uint32
}

// ringMaps are the rings of this layout (bpf/event.h), in the order in which
// they are read. An event of one may be older than one of another that was read
// before.
func (c *Config) ringMaps() []ringMap {
	return []ringMap{
		{RecordMapEvents, c.RingBytes},
		{RecordMapSyns, c.SynRingBytes},
		{RecordMapRefused, c.RefusedRingBytes},
		{RecordMapFirsts, c.FirstRingBytes},
	}
}
