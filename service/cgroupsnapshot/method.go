package cgroupsnapshot

import (
	"github.com/plugin-ipc/netipc/codec"
	"github.com/plugin-ipc/netipc/codec/cgroupsnapshot"
	"github.com/plugin-ipc/netipc/service"
)

// ServiceName is the name under which providers offer the method.
const ServiceName = "cgroups-snapshot"

// Method is CGROUPS_SNAPSHOT as clients know it.
type Method struct{}

var _ service.Method[cgroupsnapshot.Request, cgroupsnapshot.ResponseView] = Method{}

// Code implements service.Method.
func (Method) Code() codec.Method { return codec.MethodCgroupsSnapshot }

// RequestSize implements service.Method.
func (Method) RequestSize(cgroupsnapshot.Request) int { return cgroupsnapshot.RequestSize }

// EncodeRequest implements service.Method.
func (Method) EncodeRequest(dst []byte, r cgroupsnapshot.Request) (int, error) {
	return cgroupsnapshot.EncodeRequest(dst, r)
}

// DecodeResponse implements service.Method.
func (Method) DecodeResponse(b []byte) (cgroupsnapshot.ResponseView, error) {
	return cgroupsnapshot.DecodeResponse(b)
}

// Responder is CGROUPS_SNAPSHOT as servers know it.
type Responder struct{}

var _ service.Responder[cgroupsnapshot.Request, cgroupsnapshot.Builder] = Responder{}

// Code implements service.Responder.
func (Responder) Code() codec.Method { return codec.MethodCgroupsSnapshot }

// Batchable implements service.Responder: a snapshot is never batched.
func (Responder) Batchable() bool { return false }

// DecodeRequest implements service.Responder.
func (Responder) DecodeRequest(b []byte) (cgroupsnapshot.Request, error) {
	return cgroupsnapshot.DecodeRequest(b)
}

// Begin implements service.Responder. It expects as many items as the session's last answer had.
func (Responder) Begin(out *cgroupsnapshot.Builder, _ cgroupsnapshot.Request, dst []byte, grow codec.Grow) error {
	return out.Reset(dst, grow, out.Len())
}

// Finish implements service.Responder.
func (Responder) Finish(out *cgroupsnapshot.Builder) (int, error) { return out.Finish() }
