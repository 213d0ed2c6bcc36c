package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tocsin/cmd/internal/api"
	"tocsin/schedules"
	"tocsin/schedules/ical"
)

func newCalendarCommand(c *cli) *cobra.Command {
	var name, user string
	var link bool
	cmd := &cobra.Command{
		Use:   "calendar (--schedule NAME | --user USER) [--link]",
		Short: "Print duties as an iCalendar file, or the address that calendar programs subscribe to",
		Long: `Prints the duties of a schedule, or of a person in all schedules, from the configuration as
iCalendar (RFC 5545). With --link it asks the running server for the signed address of the
same as a feed, which stays up to date; calendar_key in the configuration signs it.`,
		Args: cobra.NoArgs,
	}
	s := addServerFlags(c, cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if (name == "") == (user == "") {
			return usagef("name one of --schedule and --user")
		}
		if !link {
			return c.calendar(cmd, name, schedules.UserID(user))
		}
		server, err := s.connect(c, cmd)
		if err != nil {
			return err
		}
		l, err := server.CalendarLink(cmd.Context(), name, user)
		if err != nil {
			return err
		}
		if c.json {
			return writeJSON(cmd.OutOrStdout(), l)
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), printable(l.URL))
		return err
	}
	cmd.Flags().StringVar(&name, "schedule", "", "name of a schedule")
	cmd.Flags().StringVar(&user, "user", "", "name of a user")
	cmd.Flags().BoolVar(&link, "link", false, "print the address of the feed")
	return cmd
}

func (c *cli) calendar(cmd *cobra.Command, name string, user schedules.UserID) error {
	config, err := c.look()
	if err != nil {
		return err
	}
	book := config.Book()
	var events []ical.Event
	title := name
	if user != "" {
		if _, ok := book.Users[user]; !ok {
			return fmt.Errorf("there is no user %q", user)
		}
		title, events = string(user), api.UserEvents(book.Schedules, user, c.now())
	} else {
		s, err := schedule(config, name, "")
		if err != nil {
			return err
		}
		events = api.ScheduleEvents(s, "", c.now())
	}
	_, err = cmd.OutOrStdout().Write(ical.Feed("On call: "+title, events, c.now()))
	return err
}
