package firewall

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/logs"
)

// outliving are counts of this process that must outlive it: words of a file in
// the state folder that is mapped into its memory, shared. An addition is in the
// kernel's page cache at once, where a file is anyway, and stays there when the
// process is killed. What is told of them is in the ledger.
type outliving struct {
	words [outlivingWords]atomic.Uint64
}

// The file's words, in the order of the host's bytes. They keep their places, for
// programs of other versions: new ones come at the end.
const (
	wordMagic        = iota
	wordOverruns     // how often sentences of the kernel were lost
	wordLacking      // INVALID packets without the sentence that there must have been
	wordIgnored      // ignored packets that are not told
	wordEnds         // how often ends of conntrack were lost
	wordFollowers    // rows that followers have missed
	wordDropsTold    // until when the host's drops are told, in nanoseconds since 1970
	wordCountedWhere // conntrack's counters as they were told last: of which namespace,
	wordCounted      // when they were read,
	wordDrop         // and their numbers
	wordEarlyDrop
	wordInsertFailed
	wordChainTooLong
	wordRulesWhole // until when our rules were known to be in force, in nanoseconds since 1970
	outlivingWords = 512
)

const outlivingBytes = 8 * outlivingWords // a page, of the smallest that there are

var outlivingMagic = binary.NativeEndian.Uint64([]byte("SKSHCNT\x01"))

func (c *Config) outlivingFile() string { return filepath.Join(c.stateFolder(), "counts") }

// openOutliving opens the counts of a firewall; fresh says that there were none. It
// stays mapped: somebody may count up to the end of the process.
func openOutliving(name string) (o *outliving, fresh bool, err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, false, err
	}
	// The room is there before it is mapped: on a full disk the first addition
	// would end the process.
	if size < outlivingBytes {
		if _, err := f.Write(make([]byte, outlivingBytes-size)); err != nil {
			return nil, false, errors.Join(err, f.Truncate(size))
		}
	}
	memory, err := unix.Mmap(int(f.Fd()), 0, outlivingBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, false, fmt.Errorf("map %s: %w", name, err)
	}
	o = (*outliving)(unsafe.Pointer(unsafe.SliceData(memory)))
	if fresh = o.words[wordMagic].Load() != outlivingMagic; fresh {
		clear(memory)
		o.words[wordMagic].Store(outlivingMagic)
	}
	return o, fresh, nil
}

// openCounts opens the counts that outlive this process. Where that cannot be, they
// do not, which is no reason to record nothing.
func (f *Firewall) openCounts() {
	o, fresh, err := openOutliving(f.config.outlivingFile())
	if err != nil {
		f.log.Warn("what is lost in the second before this process is killed would not be told", "error", err)
		o, fresh = &outliving{}, true
	}
	f.useCounts(o)
	f.freshCounts = fresh
}

// useCounts counts there from now on.
func (f *Firewall) useCounts(o *outliving) {
	f.outliving = o
	f.stream.missed = &o.words[wordFollowers]
}

// ofRecorder are those of the recorder.
func (o *outliving) ofRecorder() capture.Counts {
	return capture.Counts{ReasonOverruns: &o.words[wordOverruns], ReasonsLacking: &o.words[wordLacking], IgnoredLost: &o.words[wordIgnored]}
}

// read are how many were lost, by place.
func (o *outliving) read() map[logs.LossPlace]uint64 {
	lost := map[logs.LossPlace]uint64{}
	for place, word := range map[logs.LossPlace]int{logs.ReasonLoss: wordOverruns, logs.JoinLoss: wordLacking,
		logs.IgnoredLoss: wordIgnored, logs.EndLoss: wordEnds, logs.FollowerLoss: wordFollowers} {
		lost[place] = o.words[word].Load()
	}
	return lost
}

// rulesWhole is until when a process knew that our rules were in force.
func (o *outliving) rulesWhole() time.Time { return o.moment(wordRulesWhole) }

// moment is the time in a word; zero where there was none.
func (o *outliving) moment(word int) time.Time {
	if at := o.words[word].Load(); at != 0 {
		return time.Unix(0, int64(at)).UTC()
	}
	return time.Time{}
}
