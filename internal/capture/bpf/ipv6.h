/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* The way to what follows an IPv6 header and its extension headers. */
#ifndef SEKISHO_IPV6_H
#define SEKISHO_IPV6_H

#include "packet.h"

#define IPPROTO_HOPOPTS 0
#define IPPROTO_ROUTING 43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_AH 51
#define IPPROTO_DSTOPTS 60

#define IP6_OFFSET 0xfff8
/* So many extension headers are followed: no packet has more, as each takes 8 bytes.
 * Conntrack follows them all, and so do hosts. */
#define IP6_EXTENSIONS (0x10000 / 8)

/* The walk over IPv6's extension headers (RFC 8200, 4). */
struct extensions {
	void *nh;
	__u32 linear;
	__u32 off;
	__u8 protocol;
	bool later_fragment;
};

/* Steps over one extension header; 1 ends the walk. In a callback of bpf_loop,
 * because the verifier would follow every way through an ordinary loop. */
static long next_extension(__u32 unused, struct extensions *x)
{
	__u8 head[4];

	switch (x->protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
	case IPPROTO_FRAGMENT:
	case IPPROTO_AH:
		break;
	default:
		return 1;
	}
	if (x->off + sizeof(head) > x->linear || bpf_probe_read_kernel(head, sizeof(head), x->nh + x->off))
		return 1;
	if (x->protocol == IPPROTO_FRAGMENT && (head[2] << 8 | head[3]) & IP6_OFFSET) {
		x->later_fragment = true;
		x->protocol = head[0];
		x->off += 8; /* what follows is not a header, and counts as payload */
		return 1;
	}
	if (x->protocol == IPPROTO_FRAGMENT)
		x->off += 8;
	else if (x->protocol == IPPROTO_AH)
		x->off += (head[1] + 2) * 4;
	else
		x->off += (head[1] + 1) * 8;
	x->protocol = head[0];
	return 0;
}

static __always_inline void read_ip6(struct headers *h)
{
	struct ipv6hdr *ip = ip6_header(h->nh);
	struct extensions x = {};
	__u16 payload = bpf_ntohs(ip->payload_len);
	__u32 skipped;

	h->protocol = ip->nexthdr;
	h->ttl = ip->hop_limit;
	h->l4off = sizeof(struct ipv6hdr);
	h->l4len = payload;
	if (h->protocol == IPPROTO_TCP || h->protocol == IPPROTO_UDP || h->protocol == IPPROTO_ICMPV6)
		return;
	x.nh = h->nh;
	x.linear = h->linear;
	x.off = sizeof(struct ipv6hdr);
	x.protocol = h->protocol;
	bpf_loop(IP6_EXTENSIONS, next_extension, &x, 0);
	h->protocol = x.protocol;
	h->l4off = x.later_fragment || x.off > 0xffff ? 0 : x.off;
	skipped = x.off - sizeof(struct ipv6hdr);
	h->l4len = payload > skipped ? payload - skipped : 0;
}

#endif
