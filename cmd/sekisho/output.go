package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// addOutputFlag adds -o to a command and returns where its value will be.
func addOutputFlag(cmd *cobra.Command, formats ...string) *string {
	return cmd.Flags().StringP("output", "o", formats[0], "output format: "+strings.Join(formats, ", "))
}

func checkOutput(format string, formats ...string) error {
	for _, f := range formats {
		if f == format {
			return nil
		}
	}
	return usagef("unknown output format %q: it can be %s", format, strings.Join(formats, ", "))
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// printTable prints aligned columns; the header is in capitals, as kubectl's.
func printTable(w io.Writer, header []string, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, strings.Join(header, "\t"))
	for _, r := range rows {
		fmt.Fprintln(t, strings.Join(r, "\t"))
	}
	return t.Flush()
}

// terminal tells how wide standard output is, and whether it may be coloured:
// on a terminal, unless NO_COLOR says otherwise (https://no-color.org). Where it
// is none, COLUMNS may say a width; 0 means that lines have no end.
func terminal() (width int, colour bool) {
	fd := int(os.Stdout.Fd())
	if !term.IsTerminal(fd) {
		columns, err := strconv.Atoi(os.Getenv("COLUMNS"))
		if err != nil || columns < minWidth {
			return 0, false
		}
		return columns, false
	}
	width, _, err := term.GetSize(fd)
	if err != nil || width < minWidth {
		width = minWidth
	}
	return width, os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// minWidth is the narrowest terminal that rows are made for.
const minWidth = 80
