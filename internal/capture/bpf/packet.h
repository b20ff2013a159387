/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * What is read from a packet: at the forward hook skb->data is the IP header,
 * and nearly always the TCP header is in the linear part with it. That much is
 * read directly; all else is rare enough to be slow.
 */
#ifndef SEKISHO_PACKET_H
#define SEKISHO_PACKET_H

#include "kernel.h"

#define IPPROTO_ICMP 1
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_DCCP 33
#define IPPROTO_ICMPV6 58
#define IPPROTO_SCTP 132
#define IPPROTO_UDPLITE 136

#define IP_OFFSET 0x1fff

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

#define TCPHDR_LEN 20

/* What was read from the packet's headers. */
struct headers {
	void *nh;     /* network header */
	__u32 linear; /* bytes from there on that can be read */
	__be16 sport, dport;
	__u32 seq, ack;
	__u16 window; /* or ICMP's type and code, as in struct event */
	__u16 ip_id;
	__u8 protocol, ttl;
	__u8 flags;
	__u8 doff;   /* of TCP, in bytes */
	__u16 l4off; /* from the network header; 0 where there is none */
	__u16 l4len; /* header and payload, as the IP header says */
};

extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym;
extern int bpf_dynptr_from_skb(struct sk_buff *skb, __u64 flags, struct bpf_dynptr *ptr) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *ptr, __u32 offset, void *buffer, __u32 buffer__szk) __ksym;

/* Any memory of the kernel, to be read directly; an address that is none reads
 * as zero. The cast knows the kernel's own types only, and nf_conn may be a
 * module's. But what ends in an array without length may be read from the array
 * on as if it had no end: this one does, from byte MEMORY_BEGIN on. */
#define MEMORY_BEGIN 16
#define MEMORY(at) bpf_rdonly_cast(at, bpf_core_type_id_kernel(struct ip_options))

static __always_inline struct iphdr *ip4_header(void *nh)
{
	return bpf_rdonly_cast(nh, bpf_core_type_id_kernel(struct iphdr));
}

static __always_inline struct ipv6hdr *ip6_header(void *nh)
{
	return bpf_rdonly_cast(nh, bpf_core_type_id_kernel(struct ipv6hdr));
}

static __always_inline struct tcphdr *tcp_header(void *at)
{
	return bpf_rdonly_cast(at, bpf_core_type_id_kernel(struct tcphdr));
}

static __always_inline __u32 linear_length(struct sk_buff *skb)
{
	return skb->len - skb->data_len;
}

/* The interface that a packet came in by. Within a VRF the hook has the VRF's own
 * for it; the member is what the kernel calls sdif. */
static __always_inline __u32 in_interface(struct sk_buff *skb, const struct net_device *in, bool v6)
{
	const struct inet6_skb_parm *p6;
	const struct inet_skb_parm *p4;

	if (v6) {
		p6 = bpf_rdonly_cast(skb->cb, bpf_core_type_id_kernel(struct inet6_skb_parm));
		if (p6->flags & IP6SKB_L3SLAVE)
			return p6->iif;
	} else {
		p4 = bpf_rdonly_cast(skb->cb, bpf_core_type_id_kernel(struct inet_skb_parm));
		if (p4->flags & IPSKB_L3SLAVE)
			return p4->iif;
	}
	return in ? in->ifindex : 0;
}

/* The length of a TCP segment's payload. */
static __always_inline __u16 payload_length(const struct headers *h)
{
	return h->l4len > h->doff ? h->l4len - h->doff : 0;
}

static __always_inline void take_tcp(struct headers *h, const struct tcphdr *th)
{
	h->sport = th->source;
	h->dport = th->dest;
	h->seq = bpf_ntohl(th->seq);
	h->ack = bpf_ntohl(th->ack_seq);
	h->doff = (th->doff_res >> 4) * 4;
	h->flags = th->flags;
	h->window = bpf_ntohs(th->window);
}

/* The first four bytes of what follows the IP header: ports, or ICMP's type
 * and code. Of a TCP header cut short they are what can be told. */
static __always_inline void read_short(const struct bpf_dynptr *ptr, struct headers *h)
{
	__be16 buf[2];
	__be16 *first = bpf_dynptr_slice(ptr, h->l4off, buf, sizeof(buf));

	if (!first)
		return;
	switch (h->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_DCCP:
	case IPPROTO_SCTP:
	case IPPROTO_UDPLITE:
		h->sport = first[0];
		h->dport = first[1];
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		h->window = bpf_ntohs(first[0]);
		break;
	}
}

/* Everything but a TCP header in the linear part. */
static __always_inline void read_slow(struct sk_buff *skb, struct headers *h, struct bpf_dynptr *ptr)
{
	struct tcphdr buf = {};
	struct tcphdr *th;

	if (!h->l4off || bpf_dynptr_from_skb(skb, 0, ptr))
		return;
	if (h->protocol == IPPROTO_TCP) {
		th = bpf_dynptr_slice(ptr, h->l4off, &buf, sizeof(buf));
		if (th) {
			take_tcp(h, th);
			return;
		}
	}
	read_short(ptr, h);
}

static __always_inline void read_ip4(struct headers *h)
{
	struct iphdr *ip = ip4_header(h->nh);
	__u16 total = bpf_ntohs(ip->tot_len);

	h->protocol = ip->protocol;
	h->ttl = ip->ttl;
	h->ip_id = bpf_ntohs(ip->id);
	h->l4off = (ip->version_ihl & 0xf) * 4;
	h->l4len = total > h->l4off ? total - h->l4off : 0;
	/* Where conntrack does not reassemble, only the first fragment has more. */
	if (ip->frag_off & bpf_htons(IP_OFFSET))
		h->l4off = 0;
}

static __always_inline void read_tcp(struct sk_buff *skb, struct headers *h, struct bpf_dynptr *ptr)
{
	if (h->l4off && h->linear >= h->l4off + TCPHDR_LEN)
		take_tcp(h, tcp_header(h->nh + h->l4off));
	else
		read_slow(skb, h, ptr);
}

#endif
