package lab

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/sekisho/sekisho/internal/topology"
)

// startServices starts what listens on the nodes.
func (s *Supervisor) startServices(ctx context.Context) error {
	if err := s.startSSH(ctx); err != nil {
		return err
	}
	for _, n := range s.nodes {
		for _, service := range n.Services {
			if service.Kind == topology.SSH {
				continue
			}
			if err := s.servers.listen(n, service); err != nil {
				return fmt.Errorf("start service %s of %s: %w", service.Name, n.Name, err)
			}
		}
	}
	return nil
}

// handlers are the built-in services but http; each owns its connection.
var handlers = map[topology.ServiceKind]func(net.Conn, Node){
	topology.Echo:    echo,
	topology.Closer:  closeFirst,
	topology.Discard: discard,
}

func echo(c net.Conn, _ Node) {
	_, _ = io.Copy(c, c) // ends with the client's FIN or RST
}

func discard(c net.Conn, _ Node) {
	_, _ = io.Copy(io.Discard, c)
}

// closeFirst sends its FIN before the client's, and then reads on: to close a
// socket with unread data would send an RST.
func closeFirst(c net.Conn, n Node) {
	fmt.Fprintf(c, "%s closes first\n", n.Name)
	if tcp, ok := c.(*net.TCPConn); ok && tcp.CloseWrite() == nil {
		discard(c, n)
	}
}

// answer is the http service.
func answer(n Node) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, n.Name)
	})
}

// servers are the built-in services of one lab, with their connections.
type servers struct {
	group sync.WaitGroup

	mu     sync.Mutex
	open   map[io.Closer]bool
	closed bool
}

func newServers() *servers {
	return &servers{open: map[io.Closer]bool{}}
}

// listen starts one service. Its socket belongs to the node's namespace
// because it is made there; it is used from here.
func (s *servers) listen(n Node, service Service) error {
	var listener net.Listener
	err := inNamespace(n.Namespace, func() (err error) {
		listener, err = listenTCP(netip.AddrPortFrom(n.Address, service.Port))
		return err
	})
	if err != nil {
		return err
	}
	if service.Kind == topology.HTTP {
		server := &http.Server{Handler: answer(n)}
		s.add(server)
		s.group.Go(func() { _ = server.Serve(listener) })
		return nil
	}
	handle, ok := handlers[service.Kind]
	if !ok {
		listener.Close()
		return fmt.Errorf("no service of kind %q", service.Kind)
	}
	s.add(listener)
	s.group.Go(func() { s.accept(listener, func(c net.Conn) { handle(c, n) }) })
	return nil
}

// listenTCP listens as an ordinary server does: Go would offer multipath TCP,
// and probe idle connections after 15 seconds, packets that nobody expects in
// a lab's logs.
func listenTCP(at netip.AddrPort) (net.Listener, error) {
	config := net.ListenConfig{KeepAlive: -1}
	config.SetMultipathTCP(false)
	return config.Listen(context.Background(), "tcp4", at.String())
}

func (s *servers) accept(l net.Listener, handle func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		if !s.add(c) {
			return
		}
		s.group.Go(func() {
			defer s.remove(c)
			handle(c)
		})
	}
}

// add remembers what has to be closed with the lab; when that has happened
// already, it closes c at once.
func (s *servers) add(c io.Closer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		c.Close()
		return false
	}
	s.open[c] = true
	return true
}

func (s *servers) remove(c io.Closer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
	c.Close()
}

func (s *servers) close() {
	s.mu.Lock()
	s.closed = true
	for c := range s.open {
		c.Close()
	}
	s.mu.Unlock()
	s.group.Wait()
}
