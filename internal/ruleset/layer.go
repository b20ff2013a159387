package ruleset

// key is a map's key with ranges: source, destination, and destination port or
// protocol.
type key [3]span

func (k *key) covers(o *key) bool {
	return k[0].covers(o[0]) && k[1].covers(o[1]) && k[2].covers(o[2])
}

func (k *key) overlaps(o *key) bool {
	return k[0].overlaps(o[0]) && k[1].overlaps(o[1]) && k[2].overlaps(o[2])
}

// refuses reports whether the kernel refuses the other key once this one is in
// a map: it does where the other's first or last value lies within this one.
// Overlap of any other kind it takes, and finds the key inserted first.
func (k *key) refuses(o *key) bool {
	return k[0].contains(o[0].first) && k[1].contains(o[1].first) && k[2].contains(o[2].first) ||
		k[0].contains(o[0].last) && k[1].contains(o[1].last) && k[2].contains(o[2].last)
}

// entry sends what matches its key to a rule's chain.
type entry struct {
	key
	rule uint32 // number
}

// layOut lays entries out over maps that are looked up one after the other, so
// that of all entries that match a packet the earliest is found first. Within
// one map the entry inserted first wins, so an entry may share a map with
// earlier ones that it overlaps, but it must not come into an earlier map than
// they, and not into a map that refuses it. An entry within a single earlier
// one can never be found and is left out.
func layOut(entries []entry) [][]entry {
	var out [][]entry
	for i := range entries {
		layer, dead := place(out, &entries[i].key)
		if dead {
			continue
		}
		if layer == len(out) {
			out = append(out, nil)
		}
		out[layer] = append(out[layer], entries[i])
	}
	return out
}

// place finds the first layer that may hold the key: the last one with an entry
// that overlaps it, or the one after it where that one refuses the key.
func place(placed [][]entry, k *key) (layer int, dead bool) {
	for n, earlier := range placed {
		refused := false
		for i := range earlier {
			e := &earlier[i].key
			if !e.overlaps(k) {
				continue
			}
			if e.covers(k) {
				return 0, true
			}
			layer = n
			refused = refused || e.refuses(k)
		}
		if refused {
			layer = n + 1
		}
	}
	return layer, false
}
