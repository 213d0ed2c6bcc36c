package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tocsin/cmd/internal/app"
	"tocsin/escalation/store"
)

// place are the flags of commands that ask a running server, or work on its store without it.
type place struct {
	server *server
	store  string // "" asks the server
}

// addPlaceFlags gives a command, and all below it, --store beside the flags of the server. does
// is what the command does to a store, such as "read".
func addPlaceFlags(c *cli, cmd *cobra.Command, does string) *place {
	p := &place{server: addServerFlags(c, cmd)}
	cmd.PersistentFlags().StringVar(&p.store, "store", "", does+" this store instead of asking a server (folder or redis URL)")
	return p
}

// openStore opens the store that --store names.
func (p *place) openStore(cmd *cobra.Command) (store.Store, error) {
	s, err := app.OpenStore(cmd.Context(), p.store)
	if err != nil {
		return nil, fmt.Errorf("cannot open the store %s: %w", p.store, err)
	}
	return s, nil
}
