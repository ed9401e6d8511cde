module github.com/plugin-ipc/netipc/snapshot

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/plugin-ipc/netipc/codec v0.1.0
	github.com/plugin-ipc/netipc/service v0.1.0
	pgregory.net/rapid v1.3.0
)
