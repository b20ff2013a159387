# Sekisho. `make` says what there is to make.

SHELL := /bin/bash
.DEFAULT_GOAL := help

BIN     := bin/sekisho
ifneq ($(shell id -u),0)
SUDO    := sudo
AS_ROOT := sudo --preserve-env=HOME,CI,YES,GOFLAGS,TESTFLAGS,KQL_CORPUS,KQL_BENCH_ROWS,SEKISHO_BENCH_ROWS env "PATH=$(PATH)"
endif
GOFLAGS += -trimpath
export GOFLAGS

GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: help
help: ## this help
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | awk 'BEGIN {FS = ":.*## "} {printf "  %-16s %s\n", $$1, $$2}'

.PHONY: build
build: ## build bin/sekisho
	go build -o $(BIN) ./cmd/sekisho

# The service files name /usr/local/bin; systemd looks below /usr/local/lib too.
PREFIX ?= /usr/local
UNITS  := $(DESTDIR)$(PREFIX)/lib/systemd/system

.PHONY: install
install: ## install bin/sekisho (make build) and its systemd units below PREFIX (/usr/local); DESTDIR for packagers
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/sekisho
	install -d $(UNITS)
	for unit in $(notdir $(wildcard packaging/systemd/*.service)); do \
		sed 's|/usr/local/bin/|$(PREFIX)/bin/|' "packaging/systemd/$$unit" >"$(UNITS)/$$unit" && chmod 644 "$(UNITS)/$$unit" || exit 1; done
	install -D -m 644 packaging/systemd/sekisho.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/sekisho.conf

.PHONY: uninstall
uninstall: ## remove what make install has put there; services are to be disabled before
	rm -f $(DESTDIR)$(PREFIX)/bin/sekisho $(UNITS)/sekisho@.service $(UNITS)/sekisho-workspace.service \
		$(DESTDIR)$(PREFIX)/lib/sysusers.d/sekisho.conf

.PHONY: demo
demo: need-demo build ## the article's experiment, in network namespaces; KEEP=1 leaves the lab up
	$(SUDO) $(BIN) lab run scenarios/article.yaml $(if $(KEEP),--keep)

.PHONY: test
test: need-test ## all tests, as root where it can be; the kernel's are skipped without
	@cd tools/kusto-oracle && { [ -d node_modules ] || npm ci --no-audit --no-fund; }
	@cd tools/clients/npm && { [ -d node_modules ] || npm ci --no-audit --no-fund; }
	$(AS_ROOT) go test -race -timeout 20m $(TESTFLAGS) ./...

.PHONY: test-kills
test-kills: need-test ## kill -9 firewalls and workspaces KILLS times (500), a test; SEED=2 chooses other moments
	$(AS_ROOT) go test -count 1 -p 1 -timeout 5h -run Killed $(TESTFLAGS) ./internal/firewall ./internal/workspace ./cmd/sekisho \
		-args -kills $(or $(KILLS),500) -seed $(or $(SEED),1)
	$(AS_ROOT) go test -count 1 -timeout 5h -run Killed $(TESTFLAGS) ./internal/segment -args -kills $(or $(KILLS),500)

.PHONY: test-vm
test-vm: need-vm ## the kernel's tests on Debian's kernel, in a virtual machine; PKGS=./internal/firewall and RUN=TestVRF choose
	CI=true go test -p 1 -count 1 -timeout 55m -exec "$(CURDIR)/tools/vm.sh" $(if $(RUN),-run '$(RUN)') $(TESTFLAGS) \
		$(or $(PKGS),./internal/capture/... ./internal/ruleset ./internal/firewall ./internal/lab ./internal/scenario)

# What no kernel decides, and what an emulated processor is too slow for, is left out.
.PHONY: test-vm-arm64
test-vm-arm64: export GOARCH := arm64
test-vm-arm64: export CGO_ENABLED := 1
test-vm-arm64: export CC := aarch64-linux-gnu-gcc
test-vm-arm64: export CXX := aarch64-linux-gnu-g++
test-vm-arm64: need-vm-arm64 ## the same for arm64, emulated, half an hour; KERNEL=arm64-16k has pages of 16 KiB
	CI=true go test -p 1 -parallel 1 -count 1 -timeout 55m -exec "$(CURDIR)/tools/vm.sh" $(TESTFLAGS) \
		$(if $(RUN),-run '$(RUN)',-skip 'Flood|Kill|UnderLoad|Takeover|Mixture|Scenario|Lab|Tutorial|Scripts|Examples|Clients') \
		$(or $(PKGS),./internal/capture/... ./internal/capabilities ./internal/doctor ./internal/firewall ./cmd/sekisho)

.PHONY: faults
faults: need-demo build ## play all faults and their healthy twins, and count
	$(SUDO) $(BIN) lab run --quiet --parallel 4 scenarios/fault-*.yaml scenarios/healthy-*.yaml

.PHONY: kql-corpus
kql-corpus: need-test ## queries with Kusto's own answers, from the folder KQL_CORPUS
	KQL_CORPUS="$(abspath $(or $(KQL_CORPUS),../shared/kql))" go test ./internal/kql/ -run Corpus -v

.PHONY: lint
lint: need-lint ## few linters, one of them guards the arrows between packages
	go vet ./...
	go run $(GOLANGCI_LINT) run ./...
	shellcheck tools/*.sh .ci/run
	tools/check-generated.sh
	tools/check-units.sh

.PHONY: generate
generate: need-generate ## compile the BPF program and write the generated pages anew
	go generate ./...

.PHONY: bench
bench: need-bench ## measure; every figure also goes to bench/out.jsonl; ONLY=suite measures one part, KQL_BENCH_ROWS=2000000 fewer rows, SEKISHO_BENCH_ROWS=1000000 fewer in a workspace
	@mkdir -p bench
	$(AS_ROOT) go run ./bench -out bench/out.jsonl $(if $(ONLY),-only $(ONLY))

.PHONY: fuzz
fuzz: ## fuzz what reads untrusted bytes, FUZZTIME (10s) each; ONLY=exposed takes those that read what strangers send
	tools/fuzz.sh $(or $(FUZZTIME),10s) $(ONLY)

.PHONY: clean
clean: ## remove what was built
	rm -rf bin bench/out.jsonl

# What is missing is installed by package name; see tools/need.sh.
.PHONY: need-demo need-bench need-test need-vm need-vm-arm64 need-lint need-generate
need-demo: ; @tools/need.sh demo
need-test: ; @tools/need.sh test
need-vm: ; @tools/need.sh vm && tools/vm.sh --fetch
need-vm-arm64: ; @tools/need.sh vm-arm64 && tools/vm.sh --fetch
need-bench: ; @tools/need.sh bench
need-lint: ; @tools/need.sh lint
need-generate: ; @tools/need.sh generate
