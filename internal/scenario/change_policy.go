package scenario

import (
	"context"
	"fmt"
	"os"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/policy"
)

// Policy puts a policy file, relative to the scenario's folder, in force.
type Policy struct {
	Firewall string `yaml:"firewall"`
	File     string `yaml:"file"`
}

func (p *Policy) what() string {
	return fmt.Sprintf("policy apply %s --firewall %s", p.File, p.Firewall)
}
func (p *Policy) checks() bool { return false }

func (p *Policy) check(c *checker, path string) {
	c.firewall(p.Firewall, path+".firewall")
	if _, err := os.Stat(p.File); err != nil {
		c.add(path+".file", p.File, "there is no such file", "the path is relative to the scenario's folder")
	} else if _, _, err := policy.ReadFile(p.File); err != nil {
		c.add(path+".file", p.File, "the policy is wrong: "+err.Error(), "")
	}
}

func (p *Policy) do(ctx context.Context, r *Runner) (string, error) {
	text, err := os.ReadFile(p.File)
	if err != nil {
		return "", err
	}
	applied, err := r.client(p.Firewall).Apply(ctx, p.File, text)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s in force at %s", applied.Policy, p.Firewall), nil
}

// client talks to the process of one of the lab's firewalls.
func (r *Runner) client(firewall string) *control.Client {
	return control.NewClient(r.Lab.Name() + "-" + firewall)
}
