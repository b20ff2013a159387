package pcap

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/sekisho/sekisho/internal/document"
)

// longestPacket bounds a frame. The formats allow 4 GiB; captures have at most
// what the segmentation offload of an interface gives, and its headers.
const longestPacket = 1 << 20

// Read reads one capture, in pcap or pcapng, plain or in gzip, and gives its TCP
// packets and ICMP errors to add, in the order of the file. Of a file that is
// damaged or cut off, what comes before is given, and the report has the
// problem.
func Read(file string, r io.Reader, add func(*Packet)) *Report {
	report := &Report{File: file, Others: map[string]int{}}
	in := bufio.NewReaderSize(r, 64<<10)
	if head, _ := in.Peek(2); len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		unzipped, err := gzip.NewReader(in)
		if err != nil {
			report.fail(err)
			return report
		}
		in = bufio.NewReaderSize(unzipped, 64<<10)
	}
	frames, err := open(in, report)
	if err != nil {
		report.Problem = &document.Problem{File: file, Message: "not a capture: " + err.Error(),
			Hint: "write it with tcpdump -w, or save it as pcap or pcapng"}
		return report
	}
	d := decoder{add: add, others: report.Others}
	for {
		f, err := frames.next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				report.fail(err)
			}
			break
		}
		report.Packets++
		if d.frame(f) {
			report.Used++
		}
	}
	report.Dropped = frames.dropped()
	return report
}

func (r *Report) fail(err error) {
	r.Problem = &document.Problem{File: r.File, Message: fmt.Sprintf("the file cannot be read beyond packet %d: %v", r.Packets, err),
		Hint: "it is damaged or was cut off; what comes before is used"}
}

// frame is what one interface showed.
type frame struct {
	gopacket.CaptureInfo
	data []byte
	link layers.LinkType
	name string // of the interface
}

// frames is a file of one format.
type frames interface {
	next() (frame, error) // io.EOF at the end; the data is good until the next call
	dropped() uint64
}

func open(in *bufio.Reader, report *Report) (frames, error) {
	base := filepath.Base(report.File)
	name := strings.TrimSuffix(base, filepath.Ext(base))
	head, err := in.Peek(4)
	if err != nil {
		return nil, errors.New("the file is empty or has no header")
	}
	if string(head) == "\x0a\x0d\x0d\x0a" { // section header block
		report.Format = "pcapng"
		r, err := pcapgo.NewNgReader(in, pcapgo.NgReaderOptions{WantMixedLinkType: true, SkipUnknownVersion: true})
		return &ngFrames{r, name}, err
	}
	report.Format = "pcap"
	r, err := pcapgo.NewReader(in)
	return &oldFrames{r, name}, err
}

type oldFrames struct {
	r    *pcapgo.Reader
	name string
}

func (f *oldFrames) next() (frame, error) {
	if f.r.Snaplen() == 0 || f.r.Snaplen() > longestPacket {
		f.r.SetSnaplen(longestPacket)
	}
	data, info, err := f.r.ZeroCopyReadPacketData()
	return frame{info, data, f.r.LinkType(), f.name}, err
}

func (f *oldFrames) dropped() uint64 { return 0 } // the format does not have it

type ngFrames struct {
	r    *pcapgo.NgReader
	name string
}

func (f *ngFrames) next() (frame, error) {
	data, info, err := f.r.ZeroCopyReadPacketData()
	if err != nil {
		return frame{}, err
	}
	out := frame{CaptureInfo: info, data: data, name: f.name}
	if i, err := f.r.Interface(info.InterfaceIndex); err == nil {
		out.link = i.LinkType
		if i.Name != "" {
			out.name = i.Name
		} else if f.r.NInterfaces() > 1 {
			out.name = fmt.Sprintf("%s-%d", f.name, info.InterfaceIndex)
		}
	}
	return out, nil
}

// dropped sums what the statistics of the interfaces say. An interface that
// has none says so with the largest number.
func (f *ngFrames) dropped() uint64 {
	sum := uint64(0)
	for i := range f.r.NInterfaces() {
		s, err := f.r.Interface(i)
		if err == nil && s.Statistics.PacketsDropped != pcapgo.NgNoValue64 {
			sum += s.Statistics.PacketsDropped
		}
	}
	return sum
}
