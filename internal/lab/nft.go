package lab

import (
	"fmt"
	"os/exec"
	"strings"
)

// loadRules gives a namespace the nftables rules of a text, in one transaction.
func loadRules(namespace, text string) error {
	cmd := exec.Command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader(text)
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := startIn(namespace, cmd); err != nil {
		return fmt.Errorf("run nft (package nftables): %w", err)
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("load rules in %s: %w: %s", namespace, err, strings.TrimSpace(output.String()))
	}
	return nil
}

// anew is a table that takes the place of the one of its name, if there is
// one: declared first, because what is not there cannot be deleted.
func anew(family, name, content string) string {
	text := fmt.Sprintf("table %s %s\ndelete table %[1]s %[2]s\n", family, name)
	if content == "" {
		return text
	}
	return text + fmt.Sprintf("table %s %s {\n%s}\n", family, name, content)
}

// braces is an anonymous set.
func braces[T fmt.Stringer](list []T) string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = v.String()
	}
	return "{ " + strings.Join(texts, ", ") + " }"
}
