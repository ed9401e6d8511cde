package link_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/plugin-ipc/netipc/codec/link"
	"github.com/plugin-ipc/netipc/codec/vectortest"
	"github.com/plugin-ipc/netipc/codec/wire"
)

// deployedPacket is the packet size of a deployed server that was not told one: the SO_SNDBUF of the machine
// that recorded. deployedPayload is its payload limit.
const (
	deployedPacket  = 212992
	deployedPayload = 1024
)

// handshakeRow is a row of negotiation/handshake: what a client said and what servers answered.
type handshakeRow struct {
	Config struct {
		Supported       uint32         `json:"supported_profiles"`
		Preferred       uint32         `json:"preferred_profiles"`
		RequestPayload  uint32         `json:"max_request_payload_bytes"`
		ResponsePayload uint32         `json:"max_response_payload_bytes"`
		AuthToken       vectortest.U64 `json:"auth_token"`
		Packet          uint32         `json:"packet_size"`
	} `json:"server_config"`
	Case  string           `json:"case"`
	Hello []vectortest.Hex `json:"hello"`
	C     handshakeOutcome `json:"c"`
	Go    handshakeOutcome `json:"go"`
}

type handshakeOutcome struct {
	Outcome string           `json:"outcome"`
	Replies []vectortest.Hex `json:"replies"`
	Ack     *struct {
		SessionID vectortest.U64 `json:"session_id"`
	} `json:"ack"`
}

func (r *handshakeRow) settings() link.Settings {
	s := link.Settings{
		Supported: wire.Profile(r.Config.Supported), Preferred: wire.Profile(r.Config.Preferred),
		RequestPayload: r.Config.RequestPayload, ResponsePayload: r.Config.ResponsePayload,
		AuthToken: uint64(r.Config.AuthToken), Packet: r.Config.Packet,
	}
	if r.C.Ack != nil {
		s.SessionID = uint64(r.C.Ack.SessionID) // counts connections or sessions (spec 15-h)
	}
	if s.Supported == 0 {
		s.Supported = wire.ProfileBaseline
	}
	if s.RequestPayload == 0 {
		s.RequestPayload = deployedPayload
	}
	if s.ResponsePayload == 0 {
		s.ResponsePayload = deployedPayload
	}
	if s.Packet == 0 {
		s.Packet = deployedPacket
	}
	return s
}

// answer is what our server says to a first packet: nil for silence.
func answer(packet []byte, s link.Settings) (reply []byte, status wire.Status) {
	hello, err := link.ParseHello(packet[:min(len(packet), link.MaxHandshakePacket)])
	var refused *link.RefusedError
	switch {
	case errors.As(err, &refused):
		return link.AppendRefusal(nil, refused.Status), refused.Status
	case err != nil:
		return nil, 0
	}
	ack, status := link.Negotiate(hello, s)
	if status != wire.StatusOK {
		return link.AppendRefusal(nil, status), status
	}
	return link.AppendAck(nil, ack), status
}

func judgeHandshake(raw json.RawMessage) (string, error) {
	var row handshakeRow
	if err := json.Unmarshal(raw, &row); err != nil {
		return "", err
	}
	if len(row.Hello) == 0 || row.C.Outcome != row.Go.Outcome {
		return "", errors.New("a row without HELLO, or one about which the recorded servers differ")
	}
	hello, s := []byte(row.Hello[0]), row.settings()
	reply, status := answer(hello, s)
	ours := "closed_no_reply"
	if reply != nil {
		ours = "ack_ok"
	}
	if status != wire.StatusOK {
		ours = fmt.Sprintf("ack_status_%d", status)
	}
	if ours != row.C.Outcome {
		letter := handshakeLetter(hello, s, row.C.Outcome, status)
		if letter == "" {
			return "", fmt.Errorf("%s: %s, recorded %s", row.Case, ours, row.C.Outcome)
		}
		return letter, nil
	}
	if reply == nil {
		return "", nil
	}
	if len(row.C.Replies) == 0 || !bytes.Equal(reply, row.C.Replies[0]) {
		return "", fmt.Errorf("%s: answered %s", row.Case, hex.EncodeToString(reply))
	}
	return "", nil
}

// handshakeLetter says which decision makes our answer differ from the recorded one; it looks at the bytes
// itself, not at what our parser made of them.
func handshakeLetter(hello []byte, s link.Settings, recorded string, ours wire.Status) string {
	magic := []byte{0x43, 0x50, 0x49, 0x4e}
	const whole = wire.HeaderSize + wire.HelloSize
	if !bytes.HasPrefix(hello, magic) {
		return ""
	}
	if len(hello) < whole || !bytes.Equal(hello[4:10], []byte{1, 0, 32, 0, 3, 0}) || !bytes.Equal(hello[12:14], []byte{1, 0}) {
		if recorded == "closed_no_reply" && ours == wire.StatusBadEnvelope {
			return "f" // the deployed are silent to what we can still answer
		}
		return ""
	}
	body := hello[wire.HeaderSize:]
	flags, padding := !bytes.Equal(body[2:4], []byte{0, 0}), !bytes.Equal(body[28:32], make([]byte, 4))
	if layout := bytes.Equal(body[:2], []byte{1, 0}); layout && (flags || padding) && ours == wire.StatusBadEnvelope {
		return "e" // the deployed ignore flags, and are silent about padding
	}
	v, err := wire.DecodeHello(body)
	if err == nil && v.AuthToken != s.AuthToken && v.Supported&s.Supported == 0 &&
		recorded == fmt.Sprintf("ack_status_%d", wire.StatusUnsupported) && ours == wire.StatusAuthFailed {
		return "d" // the deployed look at profiles before the token
	}
	return ""
}
