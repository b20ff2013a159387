package azure

import (
	"bytes"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/azure/network"
	"github.com/sekisho/sekisho/internal/azure/tree"
	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/topology"
)

var update = flag.Bool("update", false, "write what comes out to testdata")

// Each folder of testdata has the files of one import, and what comes out:
// expected.yaml, the policies, and the notes. A file called parameters.json
// has the values of parameters.
func TestImport(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			result, err := Import(inputs(t, folder), options(t, folder))
			if err != nil {
				t.Fatal(err)
			}
			text, err := result.Topology.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := topology.Parse("out.yaml", text); err != nil {
				t.Errorf("the topology does not read back: %v", err)
			}
			golden(t, filepath.Join(folder, "expected.yaml"), string(text))
			golden(t, filepath.Join(folder, "notes.txt"), notes(result))
			policies(t, folder, result)
		})
	}
}

func inputs(t testing.TB, folder string) []File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var files []File
	for _, name := range names {
		if filepath.Base(name) != "parameters.json" {
			files = append(files, read(t, name))
		}
	}
	return files
}

func read(t testing.TB, name string) File {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return File{Name: filepath.Base(name), Data: data}
}

func options(t testing.TB, folder string) Options {
	t.Helper()
	o := Options{Options: network.Options{Name: filepath.Base(folder), Services: []topology.Service{{Name: "ssh", Port: 22, Kind: topology.SSH}}}}
	if _, err := os.Stat(filepath.Join(folder, "parameters.json")); err == nil {
		var err error
		if o.Parameters, err = ParameterFile(read(t, filepath.Join(folder, "parameters.json"))); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func notes(r *network.Result) string {
	var b strings.Builder
	for _, n := range r.Notes {
		b.WriteString(n.String() + "\n")
	}
	return b.String()
}

func policies(t *testing.T, folder string, r *network.Result) {
	t.Helper()
	want, err := filepath.Glob(filepath.Join(folder, "*.policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(want) != len(r.Policies) && !*update {
		t.Errorf("%d policies came out, want %d", len(r.Policies), len(want))
	}
	for _, p := range r.Policies {
		text, err := p.Policy.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := policy.Parse(p.File, text); err != nil {
			t.Errorf("the policy does not read back: %v", err)
		}
		golden(t, filepath.Join(folder, p.File), string(text))
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	const template = `{"$schema": "x", "parameters": {"hubName": {"type": "string"}},
"resources": [{"type": "Microsoft.Network/virtualNetworks", "name": "hub", "properties":
 {"addressSpace": {"addressPrefixes": ["[parameters('hubName')]"]}}},
 {"type": "Microsoft.Network/routeTables", "name": "[resourceGroup().name]", "properties": {}}]}`
	for _, tt := range []struct {
		name, file, data, want string
		parameters             map[string]*tree.Node
	}{
		{"missing parameter", "hub.json", template,
			"hub.json:3: virtualNetworks hub: addressPrefixes: the parameter \"hubName\" has no value (got \"[parameters('hubName')]\")\n" +
				"  hint: give it with --parameter hubName=VALUE, or all of them with --parameters FILE", nil},
		{"missing place", "hub.json", template,
			"hub.json:4: routeTables [resourceGroup().name]: the template does not say which resource group it is for\n" +
				"  hint: give it with --resource-group NAME", nil},
		{"mistyped parameter", "hub.json", template,
			"--parameter: no template has such a parameter (got \"hubNane\")\n  hint: did you mean \"hubname\"?",
			map[string]*tree.Node{"hubNane": tree.Of("x")}},
		{"no JSON", "vnets.txt", "Name  Location", "vnets.txt:1: not JSON", nil},
		{"Bicep", "main.bicep", "param x string", "hint: make a template of it: az bicep build --file main.bicep", nil},
		{"nothing", "empty.json", "", "hint: the file is empty", nil},
		{"parameters", "p.json", `{"$schema": "x", "parameters": {}}`, "hint: give this file with --parameters", nil},
		{"no network", "x.json", "[]", "the files have no virtual network that could be taken over", nil},
		{"another file", "x.json", `{"a": 1}`, "x.json:1: neither a template nor a listing of resources", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Import([]File{{tt.file, []byte(tt.data)}}, Options{Parameters: tt.parameters})
			var problems document.Problems
			if !errors.As(err, &problems) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Import() error:\n%v\nwant:\n%s", err, tt.want)
			}
		})
	}
}

func TestParameterFile(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		`{"parameters": {"a": {"value": "x"}}}`:                  "x",
		`{"a": {"value": "x"}}`:                                  "x",
		`{"parameters": {"a": {"reference": {"keyVault": {}}}}}`: "p.json:1: a: the parameter has no value",
		`[]`: "p.json:1: not a parameters file",
		`{`:  "p.json:1: not JSON",
	} {
		values, err := ParameterFile(File{"p.json", []byte(data)})
		switch {
		case err != nil && !strings.Contains(err.Error(), want), err == nil && (values["a"] == nil || values["a"].Text != want):
			t.Errorf("ParameterFile(%s) = %v, %v", data, values, err)
		}
	}
}

// Files that are damaged here and there give problems or a network that reads
// back, never neither.
func TestImportOfDamagedFiles(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	const seed, rounds = 4, 400
	random := rand.New(rand.NewPCG(seed, seed))
	var all [][]byte
	for _, folder := range folders {
		for _, f := range inputs(t, folder) {
			all = append(all, f.Data)
		}
	}
	for range rounds {
		data := bytes.Clone(all[random.IntN(len(all))])
		for range 1 + random.IntN(4) {
			data[random.IntN(len(data))] = data[random.IntN(len(data))]
		}
		checkImport(t, data)
	}
}

// checkImport checks that what comes out reads back, whatever goes in.
func checkImport(t *testing.T, data []byte) {
	t.Helper()
	result, err := Import([]File{{"f.json", data}}, Options{Options: network.Options{Name: "f"}})
	if err != nil {
		if strings.HasPrefix(err.Error(), "f:") {
			t.Errorf("the topology does not read back: %v", err)
		}
		return
	}
	for _, p := range result.Policies {
		if _, err := p.Policy.Encode(); err != nil {
			t.Error(err)
		}
	}
}

func FuzzImport(f *testing.F) {
	const head = `{"$schema": "x", "resources": [`
	f.Add([]byte(head + `{"type": "Microsoft.Network/virtualNetworks", "name": "a", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
"subnets": [{"name": "s", "properties": {"addressPrefix": "10.0.0.0/24"}}], "virtualNetworkPeerings": [{"name": "p", "properties": {}}]}}]}`))
	f.Add([]byte(head + `{"type": "Microsoft.Network/routeTables", "name": "r", "copy": {"name": "c", "count": 2}, "properties": {"routes": [
{"name": "d", "properties": {"addressPrefix": "0.0.0.0/0", "nextHopType": "None"}}]}}]}`))
	f.Add([]byte(`[{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/a", "name": "a"}]`))
	f.Fuzz(checkImport)
}
