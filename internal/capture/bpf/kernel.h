/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * The few kernel types that the recorder touches, each with the fields it
 * reads. Offsets are relocated when the program is loaded (CO-RE), against
 * the running kernel's BTF or that of the nf_conntrack module.
 */
#ifndef SEKISHO_KERNEL_H
#define SEKISHO_KERNEL_H

#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct net_device {
	int ifindex;
};

struct nf_hook_state {
	__u8 hook;
	__u8 pf;
	struct net_device *in;
	struct net_device *out;
};

struct sk_buff {
	unsigned int len;
	unsigned int data_len;
	__u16 network_header;
	unsigned char *head;
	unsigned long _nfct;
	char cb[48];
};

/* What IPv4 and IPv6 keep in cb. */
struct inet_skb_parm {
	int iif;
	__u16 flags;
};

struct inet6_skb_parm {
	int iif;
	__u16 flags;
};

struct bpf_nf_ctx {
	const struct nf_hook_state *state;
	struct sk_buff *skb;
};

union nf_inet_addr {
	__u32 all[4];
	__be32 ip;
};

union nf_conntrack_man_proto {
	__be16 all;
};

struct nf_conntrack_man {
	union nf_inet_addr u3;
	union nf_conntrack_man_proto u;
};

struct nf_conntrack_tuple {
	struct nf_conntrack_man src;
	struct {
		union nf_inet_addr u3;
		union {
			__be16 all;
		} u;
		__u8 protonum;
	} dst;
};

struct nf_conntrack_tuple_hash {
	struct nf_conntrack_tuple tuple;
};

/* What one direction has sent. */
struct ip_ct_tcp_state {
	__u32 td_end;    /* highest sequence number and length */
	__u32 td_maxack; /* highest acknowledgement of the other direction's */
	__u8 flags;
};

struct ip_ct_tcp {
	struct ip_ct_tcp_state seen[2];
	__u8 state;
	/* The last segment that was a plain one (no SYN, FIN or RST), and how
	 * often it came again with nothing like it in between. */
	__u8 last_dir;
	__u8 retrans;
	__u32 last_seq;
	__u32 last_end;
};

union nf_conntrack_proto {
	struct ip_ct_tcp tcp;
};

struct nf_conntrack_zone {
	__u16 id;
};

struct nf_conn {
	struct nf_conntrack_zone zone; /* with CONFIG_NF_CONNTRACK_ZONES */
	struct nf_conntrack_tuple_hash tuplehash[2];
	unsigned long status;
	__u32 mark;
	union nf_conntrack_proto proto;
};

/* Only to read memory through: see MEMORY in record.bpf.c. */
struct ip_options {
	unsigned char __data[0];
};

#pragma clang attribute pop

/* RFC 791, RFC 8200 and RFC 9293: these never move, so they need no relocation; the
 * names are what the kernel's types are found by. */
struct iphdr {
	__u8 version_ihl;
	__u8 tos;
	__be16 tot_len;
	__be16 id;
	__be16 frag_off;
	__u8 ttl;
	__u8 protocol;
	__be32 saddr;
	__be32 daddr;
};

struct ipv6hdr {
	__u8 priority_version;
	__u8 flow_lbl[3];
	__be16 payload_len;
	__u8 nexthdr;
	__u8 hop_limit;
	__u32 saddr[4]; /* as struct in6_addr, in network byte order */
	__u32 daddr[4];
};

struct tcphdr {
	__be16 source;
	__be16 dest;
	__be32 seq;
	__be32 ack_seq;
	__u8 doff_res;
	__u8 flags;
	__be16 window;
	__be16 check;
	__be16 urg_ptr;
};

/* enum ip_conntrack_info, include/uapi/linux/netfilter/nf_conntrack_common.h */
#define IP_CT_ESTABLISHED 0
#define IP_CT_RELATED 1
#define IP_CT_NEW 2
#define IP_CT_IS_REPLY 3
#define IP_CT_RELATED_REPLY 4
#define IP_CT_UNTRACKED 7
#define IPS_CONFIRMED (1UL << 3)
#define NFCT_INFOMASK 7UL

/* include/net/netfilter/nf_conntrack_tuple.h and nf_conntrack_tcp.h */
#define TCP_CONNTRACK_ESTABLISHED 3
#define IP_CT_TCP_FLAG_CLOSE_INIT 0x04
#define IP_CT_TCP_FLAG_MAXACK_SET 0x20

/* include/net/ip.h and include/linux/ipv6.h: the packet came in by a member of a VRF */
#define IPSKB_L3SLAVE (1 << 7)
#define IP6SKB_L3SLAVE (1 << 6)

#define NF_ACCEPT 1

#endif
