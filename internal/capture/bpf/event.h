/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * Layout 3: what is in the rings and in the counters. Both live pinned beside
 * those of other layouts, so a change needs another number (currentLayout in
 * internal/capture) and a decoder of this one.
 */
#ifndef SEKISHO_EVENT_H
#define SEKISHO_EVENT_H

#include <linux/types.h>

enum flag { /* flow.Flag */
	FLAG_FIRST, /* the first packet of a connection that is not TCP */
	FLAG_SYN,
	FLAG_SYN_ACK,
	FLAG_ACK,
	FLAG_FIN,
	FLAG_FIN_ACK,
	FLAG_RST,
	FLAG_INVALID,
	FLAG_DENIED,
	FLAG_ICMP_ERROR,
	FLAG_RETRANS,
	FLAGS,
	NO_EVENT = FLAGS,
};

#define UNACKED_UNKNOWN 0xffffffff

/* How far one direction of a TCP connection has come. */
struct stream {
	__u32 sent;    /* the sequence number after the last one sent */
	__u32 unacked; /* how many of them nobody has acknowledged; or UNACKED_UNKNOWN */
};

struct event {
	__u64 seq;     /* counter of this CPU, from 1 */
	__u64 time_ns; /* CLOCK_MONOTONIC */
	/* IPv4 addresses; zero in an event6 */
	__be32 saddr, daddr;
	__be16 sport, dport; /* zero for protocols without ports */
	/* conntrack's original tuple; zero without a connection */
	__be32 orig_saddr, orig_daddr;
	__be16 orig_sport, orig_dport;
	__u32 tcp_seq, tcp_ack;
	__u32 mark;
	__u32 in_ifindex, out_ifindex;
	__u16 window; /* of TCP; of ICMP its type, the high byte, and code */
	__u16 mss, ip_id, payload;
	__u16 cpu;
	__u16 zone; /* conntrack's, of the connection; 0 is the default one */
	__u8 flag; /* enum flag */
	__u8 protocol, orig_protocol;
	__u8 ttl, tcp_flags, tcp_state;
	__u8 direction; /* flow.Direction: 0 unknown, 1 original, 2 reply */
	__u8 header; /* length of the TCP header in bytes; 0: it could not be read */
	struct stream original, reply;
};

/* An IPv6 packet. The smaller record of IPv4 is worth two forms: much of an
 * event's cost is its length. */
struct event6 {
	struct event e;
	__u32 saddr[4], daddr[4];
	__u32 orig_saddr[4], orig_daddr[4];
};

struct tally {
	__u64 seq; /* of the last event, lost ones included */
	__u64 recorded[FLAGS];
	__u64 lost[FLAGS]; /* no room in the ring */
};

#endif
