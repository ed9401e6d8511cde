package cli

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// tokenVariable is the environment variable with the token that clients and servers have in common. There is no
// flag for the token itself, because everybody can read the arguments of a process.
const tokenVariable = "NETIPC_AUTH_TOKEN"

// authToken returns the token: from the file, else from the environment, else 0.
func (a *app) authToken() (uint64, error) {
	text, from := os.Getenv(tokenVariable), tokenVariable
	if a.tokenFile != "" {
		b, err := os.ReadFile(a.tokenFile)
		if err != nil {
			return 0, fmt.Errorf("the auth token: %w", err)
		}
		text, from = string(b), a.tokenFile
		if strings.TrimSpace(text) == "" {
			return 0, fmt.Errorf("the auth token: %s is empty", from)
		}
	}
	if text = strings.TrimSpace(text); text == "" {
		return 0, nil
	}
	token, err := strconv.ParseUint(text, 0, 64)
	if err != nil { // whose text would show the token
		return 0, fmt.Errorf("the auth token in %s is not a number of 64 bits, decimal or with 0x", from)
	}
	return token, nil
}
