package topology

import "fmt"

var serviceKinds = []string{string(Echo), string(HTTP), string(SSH), string(Closer), string(Discard)}

func (c *checker) services(path string, services []Service) {
	names, ports := seen{}, seen{}
	for i, s := range services {
		at := fmt.Sprintf("%s[%d]", path, i)
		c.named(names, at+".name", s.Name, "service of the host")
		if s.Port == 0 {
			c.fail(at+".port", "", "the port is missing or 0", "write a TCP port from 1 to 65535")
		} else {
			c.unique(ports, at+".port", fmt.Sprint(s.Port), "service of the host")
		}
		if s.Kind != "" {
			c.kind(at+".kind", s.Kind)
		}
	}
}

func (c *checker) kind(path string, k ServiceKind) {
	for _, known := range serviceKinds {
		if string(k) == known {
			return
		}
	}
	c.fail(path, string(k), "unknown kind of service", didYouMean(string(k), serviceKinds))
}
