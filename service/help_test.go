package service_test

import (
	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// incrementInPlace is increment for single requests, without allocating.
func incrementInPlace(_ *provider, conn link.Conn) {
	var m link.Message
	for conn.Recv(&m, nil) == nil {
		addOne(m.Payload)
		if answer(conn, m.Header, wire.StatusOK, m.Payload) != nil {
			return
		}
	}
}
