package link_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/link/linktest"
	"github.com/plugin-ipc/netipc/codec/vectortest"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// clientAckRow is a row of negotiation/client_ack: what a fake server answered and what clients made of it.
type clientAckRow struct {
	Case    string           `json:"case"`
	Args    string           `json:"client_args"`
	Packets []vectortest.Hex `json:"ack_packets"`
	C       clientOutcome    `json:"c"`
}

type clientOutcome struct {
	Output []struct {
		Error           string         `json:"error"`
		RequestPayload  uint32         `json:"max_request_payload_bytes"`
		RequestItems    uint32         `json:"max_request_batch_items"`
		ResponsePayload uint32         `json:"max_response_payload_bytes"`
		ResponseItems   uint32         `json:"max_response_batch_items"`
		Packet          uint32         `json:"packet_size"`
		Selected        uint32         `json:"selected_profile"`
		SessionID       vectortest.U64 `json:"session_id"`
	} `json:"client_output"`
}

// proposal reads what the recorded client proposed: "mode=l1connect sup=1 pref=1 req=1024 resp=1024 items=4".
func (r *clientAckRow) proposal() (p link.Proposal, err error) {
	p.Packet = deployedPacket
	for arg := range strings.FieldsSeq(r.Args) {
		name, value, _ := strings.Cut(arg, "=")
		if name == "mode" {
			continue
		}
		v, err := strconv.ParseUint(value, 0, 64)
		if err != nil {
			return p, fmt.Errorf("client argument %s", arg)
		}
		switch n := uint32(v); name {
		case "sup":
			p.Supported = wire.Profile(n)
		case "pref":
			p.Preferred = wire.Profile(n)
		case "req":
			p.RequestPayload = n
		case "resp":
			p.ResponsePayload = n
		case "items":
			p.RequestItems, p.ResponseItems = n, n
		case "packet":
			p.Packet = n
		case "auth", "token":
			p.AuthToken = v
		}
	}
	return p.WithDefaults(wire.ProfileBaseline, deployedPacket), nil
}

// clientClass is what an error is called in the recordings.
func clientClass(err error) string {
	var refused *link.RefusedError
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, link.ErrPeerClosed), errors.Is(err, link.ErrReset):
		return "recv"
	case errors.Is(err, link.ErrProtocol):
		return "protocol"
	case !errors.As(err, &refused):
		return err.Error()
	}
	switch refused.Status {
	case wire.StatusAuthFailed:
		return "auth_failed"
	case wire.StatusIncompatible:
		return "incompatible"
	case wire.StatusUnsupported:
		return "no_profile"
	case wire.StatusLimitExceeded:
		return "limit_exceeded"
	}
	return "handshake"
}

func judgeClientAck(raw json.RawMessage) (string, error) {
	var row clientAckRow
	if err := json.Unmarshal(raw, &row); err != nil {
		return "", err
	}
	p, err := row.proposal()
	if err != nil || len(row.C.Output) == 0 {
		return "", fmt.Errorf("%s: nothing to compare with: %v", row.Case, err)
	}
	if len(row.Packets) == 0 {
		return "", judgeNoAck(row)
	}
	packet := []byte(row.Packets[0])
	ack, err := link.ParseAck(packet[:min(len(packet), link.MaxHandshakePacket)], p)
	recorded := row.C.Output[len(row.C.Output)-1]
	switch ours := clientClass(err); {
	case recorded.Error == "ok" && ours == "protocol" && impossible(packet, p):
		return "j", nil
	case recorded.Error == "protocol" && ours == "ok" && len(packet) == wire.HeaderSize+36:
		return "y", nil
	case ours != recorded.Error:
		return "", fmt.Errorf("%s: %s (%v), recorded %s", row.Case, ours, err, recorded.Error)
	case ours != "ok":
		return "", nil
	}
	want := wire.HelloAck{
		Supported: ack.Supported, Intersection: ack.Intersection, // not recorded
		Selected:          wire.Profile(recorded.Selected),
		MaxRequestPayload: recorded.RequestPayload, MaxRequestItems: recorded.RequestItems,
		MaxResponsePayload: recorded.ResponsePayload, MaxResponseItems: recorded.ResponseItems,
		PacketSize: recorded.Packet, SessionID: uint64(recorded.SessionID),
	}
	if ack != want {
		return "", fmt.Errorf("%s: %+v, recorded %+v", row.Case, ack, want)
	}
	return "", nil
}

// impossible says whether an acknowledgement is one that decision j refuses: a profile that was not offered, a
// limit of nothing, more than was asked for, or a packet size that cannot be.
func impossible(packet []byte, p link.Proposal) bool {
	a, err := wire.DecodeHelloAck(packet[wire.HeaderSize:])
	return err == nil && (a.Selected == 0 || a.Selected&(a.Selected-1) != 0 || a.Selected&p.Supported == 0 ||
		a.PacketSize <= 32 || a.PacketSize > p.Packet ||
		a.MaxRequestPayload == 0 || a.MaxRequestPayload > p.RequestPayload ||
		a.MaxRequestItems == 0 || a.MaxRequestItems > p.RequestItems ||
		a.MaxResponsePayload == 0 || a.MaxResponseItems == 0)
}

// judgeNoAck plays a server that closes without a word.
func judgeNoAck(row clientAckRow) error {
	n := linktest.NewNetwork()
	l, err := n.Listen("x", linktest.ListenConfig{})
	if err != nil {
		return err
	}
	defer l.Close()
	closed := make(chan error, 1)
	go func() {
		in, err := l.Accept(context.Background())
		if err == nil {
			err = in.Close()
		}
		closed <- err
	}()
	_, err = n.Dialer("x").Dial(context.Background(), link.Proposal{})
	if err := <-closed; err != nil {
		return err
	}
	if ours, recorded := clientClass(err), row.C.Output[len(row.C.Output)-1].Error; ours != recorded {
		return fmt.Errorf("%s: %s (%v), recorded %s", row.Case, ours, err, recorded)
	}
	return nil
}
