// Command ops answers what the people on duty ask most.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func main() {
	root := &cobra.Command{Use: "ops", SilenceUsage: true}
	root.AddCommand(&cobra.Command{
		Use:   "wind",
		Short: "Wind at the breakwater",
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "8 m/s from the north-west")
			return err
		},
	})
	if err := root.Execute(); err != nil {
		os.Exit(1)
	}
}
