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
	with := options.KernelTypes
	if len(modules) > 0 {
		options.ExtraRelocationTargets = []*btf.Spec{modules[0].Copy()}
		with = options.ExtraRelocationTargets[0]
	}
	var connection *btf.Struct
	if err := with.TypeByName("nf_conn", &connection); err != nil {
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
