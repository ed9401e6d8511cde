module github.com/plugin-ipc/netipc/docs

go 1.26.0

require (
	github.com/plugin-ipc/netipc/codec v0.1.0
	github.com/plugin-ipc/netipc/service v0.1.0
	github.com/plugin-ipc/netipc/snapshot v0.1.0
	github.com/plugin-ipc/netipc/transport-posix v0.1.0
)

require (
	github.com/plugin-ipc/netipc/transport-windows v0.1.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)
