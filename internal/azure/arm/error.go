package arm

import (
	"fmt"

	"github.com/sekisho/sekisho/internal/azure/resource"
)

// MissingParameter is an expression that needs a value which the template
// leaves to whoever deploys it.
type MissingParameter struct{ Name string }

func (e *MissingParameter) Error() string {
	return fmt.Sprintf("the parameter %q has no value", e.Name)
}

// MissingPlace is an expression that needs to know what the template is
// deployed to.
type MissingPlace struct{ What string } // "resource group" or "location"

func (e *MissingPlace) Error() string {
	return fmt.Sprintf("the template does not say which %s it is for", e.What)
}

// AfterDeployment is an expression for what a resource has only once it has
// been deployed, as the address that a firewall was given.
type AfterDeployment struct {
	ID   resource.ID
	Path string // of the value within the resource's properties, as "ipConfigurations[0].properties.privateIPAddress"
}

func (e *AfterDeployment) Error() string {
	return fmt.Sprintf("%s of %s is known only after the deployment", e.Path, e.ID.Title())
}

// Unsupported is an expression with a function that is not understood here.
type Unsupported struct{ Function string }

func (e *Unsupported) Error() string {
	return fmt.Sprintf("the function %s is not supported", e.Function)
}
