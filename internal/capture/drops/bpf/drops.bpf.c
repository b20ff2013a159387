//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * The watcher: it runs wherever the kernel frees a packet that it drops
 * (tracepoint skb:kfree_skb), and sends one event to a ring for each drop of
 * this network namespace that is not our own enforcement.
 *
 * Packets can be dropped as fast as they come, so what is sent is bounded
 * twice: alike ones are counted and not sent, and what is not alike has so
 * many events a second. Whatever happens, a packet ends in one outcome, and
 * the outcomes are counted.
 *
 * The kernel never runs a tracing program twice at once on one CPU (it counts
 * the attempts, "recursion misses"), so what belongs to a CPU needs no atomics.
 */
#include "kernel.h"

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#include <bpf/bpf_helpers.h>
/* after the helpers */
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

/* Of the two licences above, the kernel takes the first. */
char LICENSE[] SEC("license") = "GPL";

enum outcome {
	SENT,
	FOLDED,     /* alike one that was sent: counted in a window */
	SUPPRESSED, /* no event left in this second */
	LOST,       /* no room in the ring */
	NO_REASON,  /* the kernel gives no reason: mostly no drop at all */
	ELSEWHERE,  /* in another network namespace */
	NOT_IP,
	OURS, /* dropped by our own enforcement */
	OUTCOMES, /* a power of two */
};

enum hook { /* netfilter's, where the reason is NETFILTER_DROP */
	HOOK_NONE,
	HOOK_PREROUTING,
	HOOK_INPUT,
	HOOK_FORWARD,
	HOOK_OUTPUT,
	HOOK_POSTROUTING,
};

/* What makes packets alike. No padding: it is a key. */
struct packet {
	__u64 location; /* address in the kernel's code */
	__u32 saddr[4], daddr[4]; /* IPv4 in the first one */
	__be16 sport, dport;      /* zero for protocols without ports */
	__u32 reason;
	__u8 interface[IFNAMSIZ];
	__u32 member; /* index of the VRF's member, where the interface is a VRF's own */
	__u8 version; /* 4 or 6; 0 where the header could not be read */
	__u8 protocol;
	__u8 tcp_flags;
	__u8 icmp_type;
	__u8 hook; /* enum hook */
	__u8 zero[7];
};

/* What changes from packet to packet. */
struct moment {
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u32 length;  /* of the IP packet, in bytes */
	__u32 ttl;
};

struct event {
	struct packet packet;
	struct moment moment;
};

/* Packets like one that was sent: how many, and the last one's moment. */
struct folded {
	__u64 count;
	struct moment last;
};

struct bucket {
	__u64 second_ns; /* when its second began */
	__u64 left;
};

struct cpu {
	__u64 seen;
	__u64 outcomes[OUTCOMES];
	struct bucket bucket;
};

/* Set before loading. */
const volatile __u32 namespace_inum;
const volatile bool has_rx_sk; /* of the tracepoint, since Linux 6.11 */
/* The bits of a packet's mark that are the ruleset's (internal/ruleset), and
 * what they are when it drops the packet; without a ruleset both are 0. */
const volatile __u32 mark_mask;
const volatile __u32 mark_dropped;
const volatile __u64 events_per_second; /* of one CPU */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
	__type(value, struct event);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu);
} cpus SEC(".maps");

/* A window is the packets of about a second. Of the two, one is written here;
 * the other is empty, or user space is just reading and emptying it: it
 * exchanges them, and the kernel lets it go on only when no program can still
 * be writing to the old one. */
struct window {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct packet);
	__type(value, struct folded);
};

struct window window_a SEC(".maps");
struct window window_b SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct window);
} window SEC(".maps") = {
	.values = {&window_a},
};

extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym;

/* Makes a pointer to a kernel type of what may be anything: reading through it
 * is checked when it happens, and gives zero where there is no kernel memory. */
#define KERNEL(type, value) \
	((struct type *)bpf_rdonly_cast((void *)(value), bpf_core_type_id_kernel(struct type)))

/* A packet's namespace: its device's, else its socket's, else its route's. The
 * socket only where there is no device: it may be the sender's, elsewhere. The
 * field dev shares its place with other things. */
static __always_inline __u32 namespace_of(struct sk_buff *skb, __u64 *ctx)
{
	__u32 inum = KERNEL(net_device, skb->dev)->nd_net.net->ns.inum;

	if (!inum && has_rx_sk)
		inum = KERNEL(sock, ctx[3])->__sk_common.skc_net.net->ns.inum;
	if (!inum)
		inum = KERNEL(sock, skb->sk)->__sk_common.skc_net.net->ns.inum;
	if (!inum)
		inum = KERNEL(dst_entry, skb->_skb_refdst & ~SKB_DST_NOREF)->dev->nd_net.net->ns.inum;
	return inum;
}

static __always_inline __u32 route_flags(struct sk_buff *skb, unsigned long route)
{
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return KERNEL(rtable, route)->rt_flags;
	return KERNEL(rt6_info, route)->rt6i_flags;
}

/* The netfilter hook that drops a packet. Routing lies between the hooks and
 * leaves its result in the packet, where before it there is nothing or what a
 * tunnel left. A packet that goes back the way it came may be at postrouting
 * too when it is said to be at forward; the host's own when at output. */
static __always_inline __u8 hook_of(struct sk_buff *skb)
{
	unsigned long route = skb->_skb_refdst & ~SKB_DST_NOREF;
	struct net_device *dev = KERNEL(net_device, skb->dev);

	if (!route || KERNEL(dst_entry, route)->flags & DST_METADATA)
		return HOOK_PREROUTING;
	if (!skb->skb_iif)
		return HOOK_OUTPUT;
	if (route_flags(skb, route) & ROUTE_LOCAL)
		return HOOK_INPUT;
	if (dev->ifindex != skb->skb_iif)
		return HOOK_POSTROUTING;
	return HOOK_FORWARD;
}

/* By which member a packet came that has come to a VRF's own interface; 0 for
 * others. IP keeps it in cb until it hands a packet to this host's TCP and the
 * like, which keep other things there. */
static __always_inline __u32 member_of(struct sk_buff *skb)
{
	unsigned long route = skb->_skb_refdst & ~SKB_DST_NOREF;
	struct net_device *dev = KERNEL(net_device, skb->dev);
	struct inet6_skb_parm *p6 = KERNEL(inet6_skb_parm, skb->cb);
	struct inet_skb_parm *p4 = KERNEL(inet_skb_parm, skb->cb);

	if (!bpf_core_field_exists(dev->l3mdev_ops) || !dev->l3mdev_ops)
		return 0;
	if (route && route_flags(skb, route) & ROUTE_LOCAL)
		return 0;
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return p4->flags & IPSKB_L3SLAVE ? p4->iif : 0;
	return p6->flags & IP6SKB_L3SLAVE ? p6->iif : 0;
}

/* Our enforcement marks what it drops. */
static __always_inline bool is_ours(struct sk_buff *skb)
{
	return mark_dropped && (skb->mark & mark_mask) == mark_dropped;
}

/* The linear part of a packet, from its network header on. */
struct linear {
	void *at;
	__u32 len;
};

static __always_inline bool read(struct linear *l, __u32 off, void *to, __u32 size)
{
	return off + size <= l->len && !bpf_probe_read_kernel(to, size, l->at + off);
}

static __always_inline void read_transport(struct linear *l, __u32 off, struct packet *p)
{
	struct transport_header h = {};

	/* Of a header cut short, what is there. */
	if (!read(l, off, &h, sizeof(h)) && !read(l, off, &h, 4))
		return;
	switch (p->protocol) {
	case IPPROTO_TCP:
		p->tcp_flags = h.tcp_flags;
		/* fall through */
	case IPPROTO_UDP:
	case IPPROTO_DCCP:
	case IPPROTO_SCTP:
	case IPPROTO_UDPLITE:
		p->sport = h.sport;
		p->dport = h.dport;
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		p->icmp_type = h.icmp_type;
		break;
	}
}

static __always_inline void read_ip4(struct linear *l, struct packet *p, struct moment *m)
{
	struct ipv4_header h;

	__u32 size;

	if (!read(l, 0, &h, sizeof(h)) || h.version_ihl >> 4 != 4)
		return;
	p->version = 4;
	p->saddr[0] = h.saddr;
	p->daddr[0] = h.daddr;
	p->protocol = h.protocol;
	m->ttl = h.ttl;
	m->length = bpf_ntohs(h.tot_len);
	size = (h.version_ihl & 0xf) * 4;
	if (size >= sizeof(h) && !(h.frag_off & bpf_htons(IP_OFFSET)))
		read_transport(l, size, p);
}

/* The way over IPv6's extension headers. */
struct extensions {
	struct linear l;
	__u32 off;
	__u8 protocol;
	bool arrived; /* at a header of another kind */
};

/* No packet has more extension headers: each takes 8 bytes. */
#define IP6_EXTENSIONS (0x10000 / 8)

/* Follows one extension header (RFC 8200, 4); 1 ends the way. */
static long next_extension(__u32 unused, struct extensions *way)
{
	struct extension x;

	if (!read(&way->l, way->off, &x, sizeof(x)))
		return 1;
	switch (way->protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		way->off += (x.len + 1) * 8;
		break;
	case IPPROTO_AH:
		way->off += (x.len + 2) * 4;
		break;
	case IPPROTO_FRAGMENT:
		way->protocol = x.nexthdr;
		way->off += 8;
		return x.frag_off & bpf_htons(IP6_OFFSET) ? 1 : 0;
	default:
		way->arrived = true;
		return 1;
	}
	way->protocol = x.nexthdr;
	return 0;
}

static __always_inline void read_ip6(struct linear *l, struct packet *p, struct moment *m)
{
	struct ipv6_header h;
	struct extensions way = {.l = *l, .off = sizeof(h)};

	if (!read(l, 0, &h, sizeof(h)) || bpf_ntohl(h.version_class_label) >> 28 != 6)
		return;
	p->version = 6;
	__builtin_memcpy(p->saddr, h.saddr, sizeof(h.saddr));
	__builtin_memcpy(p->daddr, h.daddr, sizeof(h.daddr));
	way.protocol = h.nexthdr;
	m->ttl = h.hop_limit;
	m->length = sizeof(h) + bpf_ntohs(h.payload_len);
	bpf_loop(IP6_EXTENSIONS, next_extension, &way, 0);
	p->protocol = way.protocol;
	if (way.arrived)
		read_transport(l, way.off, p);
}

static __always_inline void read_packet(struct sk_buff *skb, struct packet *p, struct moment *m)
{
	__u32 begin = skb->network_header, end = skb->tail;
	struct linear l = {.at = skb->head + begin, .len = end > begin ? end - begin : 0};

	if (skb->protocol == bpf_htons(ETH_P_IP))
		read_ip4(&l, p, m);
	else
		read_ip6(&l, p, m);
	/* Where dev is no device the copy fails and leaves zeros. */
	bpf_core_read(&p->interface, sizeof(p->interface), &KERNEL(net_device, skb->dev)->name);
	p->member = member_of(skb);
	m->time_ns = bpf_ktime_get_ns();
}

static __always_inline bool take_token(struct cpu *c, __u64 now)
{
	struct bucket *b = &c->bucket;

	if (now - b->second_ns >= 1000000000) {
		b->second_ns = now;
		b->left = events_per_second;
	}
	if (!b->left)
		return false;
	b->left--;
	return true;
}

/* Sends an event, or counts the packet with its like. Where the window has no
 * room, repeats are bounded by the tokens alone. */
static __always_inline enum outcome tell(struct cpu *c, struct packet *p, struct moment *m)
{
	struct folded first = {.last = *m}, *f;
	__u32 zero = 0;
	void *current = bpf_map_lookup_elem(&window, &zero);
	struct event *e;

	f = current ? bpf_map_lookup_elem(current, p) : NULL;
	if (f) {
		__sync_fetch_and_add(&f->count, 1);
		f->last = *m;
		return FOLDED;
	}
	if (!take_token(c, m->time_ns))
		return SUPPRESSED;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e)
		return LOST;
	e->packet = *p;
	e->moment = *m;
	/* No wake-up: the reader polls. A wake-up costs more than all else. */
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
	if (current)
		bpf_map_update_elem(current, p, &first, BPF_NOEXIST);
	return SENT;
}

static __always_inline enum outcome report(struct cpu *c, struct sk_buff *skb, __u64 *ctx, bool by_hook)
{
	struct packet p = {.location = ctx[1], .reason = ctx[2]};
	struct moment m = {};

	if (by_hook)
		p.hook = hook_of(skb);
	read_packet(skb, &p, &m);
	return tell(c, &p, &m);
}

/* Most drops on a host are not of our business: they leave early. */
static __always_inline enum outcome look(struct cpu *c, __u64 *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx[0];
	__u32 reason = ctx[2];
	bool by_hook = reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_NETFILTER_DROP);

	if (reason <= bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_NOT_SPECIFIED))
		return NO_REASON;
	if (namespace_of(skb, ctx) != namespace_inum)
		return ELSEWHERE;
	if (skb->protocol != bpf_htons(ETH_P_IP) && skb->protocol != bpf_htons(ETH_P_IPV6))
		return NOT_IP;
	if (by_hook && is_ours(skb))
		return OURS;
	return report(c, skb, ctx, by_hook);
}

SEC("tp_btf/kfree_skb")
int watch(__u64 *ctx)
{
	__u32 zero = 0;
	struct cpu *c = bpf_map_lookup_elem(&cpus, &zero);

	if (!c)
		return 0;
	c->seen++;
	c->outcomes[look(c, ctx) & (OUTCOMES - 1)]++;
	return 0;
}
