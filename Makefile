# `make` alone lists what can be done. The lanes are those of .ci/run, which is the gate.
.PHONY: help ci fmt rules vet lint test race invariants fuzz bench verify soak probes clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
ci: ## the whole gate, as a server runs it
	@.ci/run
fmt: ## format all Go files
	gofmt -l -w .
rules: ## the rules of the repository (internal/repo)
	@.ci/run rules
vet: ## go vet for linux, windows, darwin, freebsd
	@.ci/run vet
lint: ## formatting, rules, vet and staticcheck
	@.ci/run fmt rules vet staticcheck
test: ## all tests of all modules
	go test work
race: ## all tests with the race detector (needs a C compiler)
	@.ci/run race
invariants: ## tests in which a borrowed buffer is overwritten as soon as its view has died
	@.ci/run invariants
fuzz: ## every fuzz target, FUZZTIME (10s) each
	@.ci/run fuzz
bench: ## every benchmark, with allocations
	go test -run '^$$' -bench . -benchmem work
verify: ## every module as whoever downloads it gets it: packed, imported, tested
	go run ./tools/cmd/release verify
probes: ## what this machine can do at best, beside what netipc does
	go run ./bench/cmd/netipc-bench
soak: ## all tests with their full counts: hours
	NETIPC_SOAK=1 go test -count=1 -timeout 12h work
clean: ## remove what the targets above have built
	rm -rf .cache dist
