package capture

import (
	"slices"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/sekisho/sekisho/internal/testnet"
)

// A kernel that was made without zones (CONFIG_NF_CONNTRACK_ZONES) has no such
// field in its connections: the program is loaded all the same. The types that it
// is told are this kernel's own, but for that field.
func TestAKernelWithoutZones(t *testing.T) {
	testnet.NeedRoot(t)
	modules, err := conntrackTypes()
	if err != nil {
		t.Fatal(err)
	}
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		t.Fatal(err)
	}
	options := ebpf.ProgramOptions{KernelTypes: kernel.Copy()}
	for _, module := range modules {
		options.ExtraRelocationTargets = append(options.ExtraRelocationTargets, module.Copy())
	}
	// A type that the kernel itself uses is not among those of its module.
	var connection *btf.Struct
	for _, types := range append(options.ExtraRelocationTargets, options.KernelTypes) {
		if err = types.TypeByName("nf_conn", &connection); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	before := len(connection.Members)
	connection.Members = slices.DeleteFunc(connection.Members, func(m btf.Member) bool { return m.Name == "zone" })
	if len(connection.Members) != before-1 {
		t.Skip("this kernel has no zones: all other tests are this one")
	}
	spec, err := LoadRecord()
	if err != nil {
		t.Fatal(err)
	}
	c, err := ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{Programs: options})
	if err != nil {
		t.Fatalf("load recorder: %+v", err)
	}
	c.Close()
}
