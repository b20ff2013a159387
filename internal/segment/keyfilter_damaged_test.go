package segment

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A filter with a wrong byte, cut off or not understood denies nothing that is
// there.
func TestADamagedFilterDeniesNothing(t *testing.T) {
	t.Parallel()
	info := closed(t, 1, newTraffic(4).rows(60))
	keys := keysIn(t, info)
	data, err := os.ReadFile(info.Path)
	must(t, err)
	group := info.Keys.Groups[0]
	end := group[0] + group[1]*32 + (group[1]+chunkBlocks-1)/chunkBlocks*4
	for at := group[0]; at < end; at++ {
		data[at] ^= 0xff
		must(t, os.WriteFile(info.Path, data, 0o600))
		if n := denied(info, keys); n > 0 {
			t.Errorf("with byte %d wrong %d keys are denied", at, n)
		}
		data[at] ^= 0xff
	}
	must(t, os.WriteFile(info.Path, data, 0o600))
	for _, group := range [][2]int64{{group[0], group[1] + 1}, {group[0] + 1, group[1]}, {end, 9}, {-8, 3}, {4, 0}, {4, -1}, {1 << 62, 1 << 62}, {8, 1 << 31}} {
		info.Keys.Groups[0] = group
		if n := denied(info, strangers(50)); n > 0 {
			t.Errorf("a filter at %v that is none denies %d keys", group, n)
		}
	}
	must(t, os.Remove(info.Path))
	if n := denied(info, keys); n > 0 {
		t.Errorf("a file that is gone denies %d keys", n)
	}
}

// A list and files of an older version say nothing of keys, those of a newer one
// what is not understood.
func TestKeysOfOtherVersions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Keys{
		`{"version":1,"groups":[[4,2]]}`: {1, [][2]int64{{4, 2}}},
		`{"version":2,"groups":[[4,2]]}`: {}, `{"version":1,"groups":"x"}`: {}, `x`: {}, ``: {},
	} {
		if diff := cmp.Diff(want, parseKeys(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	info := closed(t, 1, newTraffic(4).rows(60))
	info.Keys.Version = keysVersion + 1
	if info.Probe() != nil {
		t.Error("a filter of a newer version is asked")
	}
	old := entryOf(&info)
	old.Keys = Keys{}
	text, err := json.Marshal(old)
	must(t, err)
	s := newState()
	must(t, s.apply(record{Add: []entry{old}}))
	if s.segments[info.Name.String()].Probe() != nil || strings.Contains(string(text), "keys") {
		t.Errorf("an entry without keys: %s", text)
	}
}

// Whatever a footer says and a file has: asking does no harm, and what lies
// outside of the file denies nothing.
func FuzzProbe(f *testing.F) {
	info := closed(f, 1, newTraffic(4).rows(60))
	text, err := json.Marshal(info.Keys)
	must(f, err)
	data, err := os.ReadFile(info.Path)
	must(f, err)
	f.Add(string(text), data, uint64(7))
	f.Add(`{"version":1,"groups":[[0,1],[-9,9],[4611686018427387904,2147483647]]}`, []byte("PAR1 and no more than that, which is more than a block has"), uint64(1)<<63)
	f.Fuzz(func(t *testing.T, text string, data []byte, key uint64) {
		path := filepath.Join(t.TempDir(), "any")
		must(t, os.WriteFile(path, data, 0o600))
		i := Info{Path: path, Keys: parseKeys(text)}
		p := i.Probe()
		defer p.Close()
		inside := slices.ContainsFunc(i.Keys.Groups, func(g [2]int64) bool { return g[0] >= 0 && g[0] < int64(len(data)) && g[1] > 0 })
		if !p.MayHave(Key(key)) && !inside {
			t.Errorf("%q denies %d", text, key)
		}
	})
}
