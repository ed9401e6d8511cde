module github.com/plugin-ipc/netipc/transport-windows

go 1.26.0

require (
	github.com/plugin-ipc/netipc/codec v0.1.0
	pgregory.net/rapid v1.3.0
)
