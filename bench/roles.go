package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// The processes at both ends. A server has many ports, so that a client's
// ports in TIME_WAIT are no limit.
const (
	serverAddress = "10.9.2.2"
	firstPort     = 10000
	ports         = 200
	bulkPort      = 9000
	clients       = 16
)

// play is what a child process does in its namespace.
func play(role string, window time.Duration) error {
	switch role {
	case "server":
		return serve()
	case "servers":
		return serveMany()
	case "spread":
		return spread(window)
	case "connect":
		return connectFor(window)
	case "bulk":
		return sendFor(window)
	}
	return fmt.Errorf("unknown role %q", role)
}

// serve answers one byte to whoever connects, and swallows what comes to the
// port for bulk.
func serve() error {
	bulk, err := net.Listen("tcp4", fmt.Sprintf("%s:%d", serverAddress, bulkPort))
	if err != nil {
		return err
	}
	go accept(bulk, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	var listeners []net.Listener
	for i := range ports {
		l, err := net.Listen("tcp4", fmt.Sprintf("%s:%d", serverAddress, firstPort+i))
		if err != nil {
			return err
		}
		listeners = append(listeners, l)
	}
	return answer(listeners)
}

// answer answers one byte to whoever connects. It ends when its standard input
// does.
func answer(listeners []net.Listener) error {
	for _, l := range listeners {
		go accept(l, func(c net.Conn) {
			var b [1]byte
			if _, err := io.ReadFull(c, b[:]); err == nil {
				_, _ = c.Write(b[:])
			}
			// The client closes first.
			_, _ = io.Copy(io.Discard, c)
		})
	}
	fmt.Println("ready")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

func accept(l net.Listener, do func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			do(c)
		}()
	}
}

// connectFor opens connections, one byte each way, for a while, and prints how
// many a second were whole.
func connectFor(window time.Duration) error {
	var done atomic.Int64
	var failed atomic.Value
	var wg sync.WaitGroup
	start := time.Now()
	for i := range clients {
		wg.Go(func() {
			for n := i; time.Since(start) < window; n += clients {
				if err := connectOnce(firstPort + n%ports); err != nil {
					failed.Store(err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	if err, ok := failed.Load().(error); ok {
		return err
	}
	fmt.Println(float64(done.Load())/time.Since(start).Seconds(), done.Load())
	return nil
}

func connectOnce(port int) error {
	c, err := net.DialTimeout("tcp4", net.JoinHostPort(serverAddress, strconv.Itoa(port)), 5*time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	b := []byte{1}
	if _, err := c.Write(b); err != nil {
		return err
	}
	_, err = io.ReadFull(c, b)
	return err
}

// sendFor sends as much as it can on one connection, and prints bytes a second.
func sendFor(window time.Duration) error {
	c, err := net.Dial("tcp4", net.JoinHostPort(serverAddress, strconv.Itoa(bulkPort)))
	if err != nil {
		return err
	}
	defer c.Close()
	buf := make([]byte, 256<<10)
	start := time.Now()
	_ = c.SetWriteDeadline(start.Add(window))
	var sent int64
	for {
		n, err := c.Write(buf)
		sent += int64(n)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			return err
		}
	}
	fmt.Println(float64(sent)/time.Since(start).Seconds(), 1)
	return nil
}
