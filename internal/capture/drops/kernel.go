package drops

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// kernelInfo is what the running kernel's description of its own types tells.
type kernelInfo struct {
	reasons reasons
	// rxSocket says that the tracepoint has the receiving socket as its last
	// argument.
	rxSocket bool
}

func inspectKernel() (*kernelInfo, error) {
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		return nil, fmt.Errorf("read the kernel's types: %w", err)
	}
	var enum *btf.Enum
	if err := spec.TypeByName("skb_drop_reason", &enum); err != nil {
		return nil, fmt.Errorf("find the kernel's drop reasons: %w", err)
	}
	var tracepoint *btf.Typedef
	if err := spec.TypeByName("btf_trace_kfree_skb", &tracepoint); err != nil {
		return nil, fmt.Errorf("find tracepoint kfree_skb: %w", err)
	}
	return &kernelInfo{reasons: namesOf(enum), rxSocket: parameters(tracepoint) > withoutSocket}, nil
}

// withoutSocket is how many parameters the tracepoint had before Linux 6.11:
// its own data, packet, location and reason.
const withoutSocket = 4

func parameters(tracepoint *btf.Typedef) int {
	pointer, ok := tracepoint.Type.(*btf.Pointer)
	if !ok {
		return 0
	}
	f, ok := pointer.Target.(*btf.FuncProto)
	if !ok {
		return 0
	}
	return len(f.Params)
}

// reasons are the kernel's names of drop reasons. Their numbers differ between
// kernels.
type reasons map[uint32]string

func namesOf(enum *btf.Enum) reasons {
	names := reasons{}
	for _, v := range enum.Values {
		names[uint32(v.Value)] = strings.TrimPrefix(v.Name, "SKB_DROP_REASON_")
	}
	return names
}

// name is the number where there is no name: reasons of subsystems (in the
// higher 16 bits) are not in the kernel's list.
func (r reasons) name(number uint32) string {
	if name, ok := r[number]; ok {
		return name
	}
	return strconv.FormatUint(uint64(number), 10)
}
