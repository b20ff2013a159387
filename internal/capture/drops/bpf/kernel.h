/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * The few kernel types that the watcher touches, each with the fields it
 * reads. Offsets and numbers are relocated when the program is loaded (CO-RE),
 * against the running kernel's BTF.
 */
#ifndef SEKISHO_DROPS_KERNEL_H
#define SEKISHO_DROPS_KERNEL_H

#include <linux/types.h>

#define IFNAMSIZ 16

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct net_device {
	int ifindex;
	possible_net_t nd_net;
	const void *l3mdev_ops; /* a VRF's have some, with CONFIG_NET_L3_MASTER_DEV */
	char name[IFNAMSIZ];
};

struct sock_common {
	possible_net_t skc_net;
};

struct sock {
	struct sock_common __sk_common;
};

struct dst_entry {
	struct net_device *dev;
	unsigned short flags;
};

struct rtable {
	unsigned int rt_flags;
};

struct rt6_info {
	__u32 rt6i_flags;
};

struct sk_buff {
	/* Shares its place with other things: see namespace_of. */
	struct net_device *dev;
	struct sock *sk;
	unsigned long _skb_refdst;
	int skb_iif;
	__u32 mark;
	char cb[48];
	__be16 protocol;
	__u16 network_header;
	unsigned int tail; /* an offset from head, on machines of 64 bits */
	unsigned char *head;
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

#pragma clang attribute pop

/* Their numbers differ between kernels: only by bpf_core_enum_value. */
enum skb_drop_reason {
	SKB_DROP_REASON_NOT_SPECIFIED,
	SKB_DROP_REASON_NETFILTER_DROP,
};

/* RFC 791 and RFC 8200: these never move. */
struct ipv4_header {
	__u8 version_ihl;
	__u8 tos;
	__be16 tot_len;
	__be16 id;
	__be16 frag_off;
	__u8 ttl;
	__u8 protocol;
	__be16 check;
	__be32 saddr;
	__be32 daddr;
};

struct ipv6_header {
	__be32 version_class_label;
	__be16 payload_len;
	__u8 nexthdr;
	__u8 hop_limit;
	__u32 saddr[4];
	__u32 daddr[4];
};

/* The beginning of any extension header of IPv6 but ESP. */
struct extension {
	__u8 nexthdr;
	__u8 len;
	__be16 frag_off; /* of a fragment header */
};

/* The first bytes after the IP header: ports, or ICMP's type; of TCP also the
 * flags. */
struct transport_header {
	union {
		struct {
			__be16 sport, dport;
		};
		__u8 icmp_type;
	};
	__u8 numbers[9];
	__u8 tcp_flags;
};

#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd

#define IP_OFFSET 0x1fff
#define IP6_OFFSET 0xfff8

#define IPPROTO_HOPOPTS 0
#define IPPROTO_ICMP 1
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_DCCP 33
#define IPPROTO_ROUTING 43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_AH 51
#define IPPROTO_ICMPV6 58
#define IPPROTO_DSTOPTS 60
#define IPPROTO_SCTP 132
#define IPPROTO_UDPLITE 136

/* SKB_DST_NOREF, include/linux/skbuff.h: the lowest bit of skb->_skb_refdst */
#define SKB_DST_NOREF 1UL

/* include/net/dst.h: not a route but what a tunnel says of a packet */
#define DST_METADATA 0x80

/* RTCF_LOCAL of rtable's flags and RTF_LOCAL of rt6_info's: to this host */
#define ROUTE_LOCAL 0x80000000

/* include/net/ip.h and include/linux/ipv6.h: the packet came in by a member of a VRF */
#define IPSKB_L3SLAVE (1 << 7)
#define IP6SKB_L3SLAVE (1 << 6)

#endif
