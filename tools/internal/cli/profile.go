package cli

import (
	"github.com/spf13/cobra"

	"github.com/plugin-ipc/netipc/codec/wire"
	"github.com/plugin-ipc/netipc/service/local"
)

// profile is a word for what carries a session.
type profile string

// The profiles that can be asked for.
const (
	profileBaseline  profile = "baseline"
	profileSHMHybrid profile = "shm-hybrid"
	profileAny       profile = "any"
)

var profileWords = []profile{profileBaseline, profileSHMHybrid, profileAny}

// bits returns what to propose.
func (p profile) bits() wire.Profile {
	switch p {
	case profileSHMHybrid:
		return wire.ProfileSHMHybrid
	case profileAny:
		return local.Profiles
	}
	return wire.ProfileBaseline
}

// hostProfiles returns what this host has, the baseline first.
func hostProfiles() (all []profile) {
	for _, p := range []profile{profileBaseline, profileSHMHybrid} {
		if local.Profiles&p.bits() != 0 {
			all = append(all, p)
		}
	}
	return all
}

// addProfile adds the flag --profile.
func addProfile(cmd *cobra.Command, to *profile) {
	cmd.Flags().StringVar((*string)(to), "profile", string(profileBaseline), "what is to carry the session: "+list(profileWords))
	completeWords(cmd, "profile", profileWords...)
	check := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if err := oneOf("profile", *to, profileWords); err != nil || check == nil {
			return err
		}
		return check(cmd, args)
	}
}
