module github.com/plugin-ipc/netipc/service

go 1.26.0

require (
	github.com/google/go-cmp v0.7.0
	github.com/plugin-ipc/netipc/codec v0.1.0
	github.com/plugin-ipc/netipc/transport-posix v0.1.0
	github.com/plugin-ipc/netipc/transport-windows v0.1.0
	pgregory.net/rapid v1.3.0
)

require golang.org/x/sys v0.49.0 // indirect
