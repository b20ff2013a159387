package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/sekisho/sekisho/internal/azure"
	"github.com/sekisho/sekisho/internal/azure/tree"
	"github.com/sekisho/sekisho/internal/topology"
)

// azure makes the options of the import out of the flags.
func (o importOptions) azure(names []string) (azure.Options, error) {
	options := azure.Options{Parameters: map[string]*tree.Node{}}
	options.Name = importName(o.output, names)
	options.ResourceGroup, options.Location = o.resourceGroup, o.location
	for _, name := range o.parameterFiles {
		data, err := os.ReadFile(name)
		if err != nil {
			return options, err
		}
		values, err := azure.ParameterFile(azure.File{Name: name, Data: data})
		if err != nil {
			return options, err
		}
		for name, value := range values {
			options.Parameters[name] = value
		}
	}
	for _, given := range o.parameters {
		name, value, ok := strings.Cut(given, "=")
		if !ok || name == "" {
			return options, usagef("--parameter %q: write NAME=VALUE", given)
		}
		options.Parameters[name] = tree.Of(value)
	}
	var err error
	options.Services, err = importedServices(o.services)
	return options, err
}

// importName calls the topology as the file that it is written to, or the first
// that it is read from.
func importName(output string, names []string) string {
	for _, name := range append([]string{output}, names...) {
		if base := filepath.Base(name); name != "" && name != "-" {
			return strings.TrimSuffix(base, filepath.Ext(base))
		}
	}
	return "azure"
}

// importedServices reads --service.
func importedServices(given []string) ([]topology.Service, error) {
	var services []topology.Service
	for _, text := range given {
		if text == "none" {
			return nil, nil
		}
		kind, port, _ := strings.Cut(text, ":")
		var number uint16
		if _, err := fmt.Sscanf(port, "%d", &number); err != nil || number == 0 {
			return nil, usagef("--service %q: write KIND:PORT, as in ssh:22 or http:80, or none", text)
		}
		name := fmt.Sprintf("%s-%d", kind, number)
		services = append(services, topology.Service{Name: name, Port: number, Kind: topology.ServiceKind(kind)})
	}
	return services, nil
}

func readImports(names []string) ([]azure.File, error) {
	var files []azure.File
	for _, name := range names {
		file := azure.File{Name: name}
		var err error
		if name == "-" {
			file.Name = "<stdin>"
			file.Data, err = io.ReadAll(os.Stdin)
		} else {
			file.Data, err = os.ReadFile(name)
		}
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}
