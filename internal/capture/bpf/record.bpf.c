//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * The recorder: a netfilter program at the forward hook, between the chain
 * that decides (priority 0) and the chain that enforces (priority 20). It
 * changes nothing and accepts everything; for the packets that make a TCP
 * connection's story it sends one event to a ring.
 *
 * Cost decides its shape: a data packet leaves after one look at its flags
 * and two at its connection.
 */
#include "kernel.h"

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#include <bpf/bpf_helpers.h>
/* after the helpers */
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

#include "connection.h"
#include "event.h"
#include "ipv6.h"
#include "options.h"
#include "packet.h"

/* Of the two licences above, the kernel takes the first. */
char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
	__type(value, struct event);
} events SEC(".maps");

/* What comes in floods has a ring of its own, so that it starves nothing else:
 * packets that begin a connection, */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} syns SEC(".maps");

/* and those that are INVALID or denied. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
	__type(value, struct event6);
} refused SEC(".maps");

/* The first packets of other protocols, and ICMP errors: who is asked at a port that
 * is closed answers each packet of a flood with one. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} firsts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tally);
} counters SEC(".maps");

/* Which events nobody wants, a bit for each flag. Zero, as it begins, is none. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} unwanted SEC(".maps");

/* How many packets conntrack was told not to look at. They have no events. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} untracked SEC(".maps");

static __always_inline void count_untracked(void)
{
	__u32 zero = 0;
	__u64 *n = bpf_map_lookup_elem(&untracked, &zero);

	if (n)
		(*n)++; /* this CPU's; one that is lost to an interrupt does not matter */
}

#define ALL_FLAGS ((1u << FLAGS) - 1)

static __always_inline __u32 unwanted_flags(void)
{
	__u32 zero = 0, *flags = bpf_map_lookup_elem(&unwanted, &zero);

	return flags ? *flags : 0;
}

static __always_inline void fill_packet(struct event *e, struct headers *h)
{
	e->sport = h->sport;
	e->dport = h->dport;
	e->tcp_seq = h->seq;
	e->tcp_ack = h->ack;
	e->window = h->window;
	e->ip_id = h->ip_id;
	e->payload = payload_length(h);
	e->protocol = h->protocol;
	e->ttl = h->ttl;
	e->tcp_flags = h->flags;
	e->mss = h->flags & TCP_SYN ? read_mss(h) : 0;
	e->header = h->doff;
}

static __always_inline void fill_addresses4(struct event *e, struct headers *h, const struct nf_conn *ct)
{
	struct iphdr *ip = ip4_header(h->nh);

	e->saddr = ip->saddr;
	e->daddr = ip->daddr;
	e->orig_saddr = ct ? ct->tuplehash[0].tuple.src.u3.ip : 0;
	e->orig_daddr = ct ? ct->tuplehash[0].tuple.dst.u3.ip : 0;
}

static __always_inline void fill_addresses6(struct event6 *e, struct headers *h, const struct nf_conn *ct)
{
	struct ipv6hdr *ip = ip6_header(h->nh);

	e->e.saddr = e->e.daddr = e->e.orig_saddr = e->e.orig_daddr = 0;
#pragma unroll
	for (int i = 0; i < 4; i++) {
		e->saddr[i] = ip->saddr[i];
		e->daddr[i] = ip->daddr[i];
		e->orig_saddr[i] = ct ? ct->tuplehash[0].tuple.src.u3.all[i] : 0;
		e->orig_daddr[i] = ct ? ct->tuplehash[0].tuple.dst.u3.all[i] : 0;
	}
}

static __always_inline void *ring_of(__u8 flag, __u32 mark)
{
	if (flag == FLAG_INVALID || is_denied(mark))
		return &refused;
	if (flag == FLAG_FIRST || flag == FLAG_ICMP_ERROR)
		return &firsts;
	return flag == FLAG_SYN ? (void *)&syns : (void *)&events;
}

/* Sends one event. It is numbered before there is surely room for it: the gap
 * that a lost one leaves is how the reader knows. */
static __always_inline void emit(struct bpf_nf_ctx *ctx, struct headers *h, const struct nf_conn *ct, int ctinfo,
				 __u32 mark, __u8 flag, bool v6)
{
	struct net_device *out = ctx->state->out;
	__u32 zero = 0;
	struct tally *c = bpf_map_lookup_elem(&counters, &zero);
	struct event *e;
	__u64 seq;

	if (!c || flag >= FLAGS || unwanted_flags() & (1u << flag))
		return;
	seq = __sync_fetch_and_add(&c->seq, 1) + 1;
	e = bpf_ringbuf_reserve(ring_of(flag, mark), v6 ? sizeof(struct event6) : sizeof(struct event), 0);
	if (!e) {
		__sync_fetch_and_add(&c->lost[flag], 1);
		return;
	}
	__sync_fetch_and_add(&c->recorded[flag], 1);
	e->seq = seq;
	e->time_ns = bpf_ktime_get_ns();
	e->cpu = bpf_get_smp_processor_id();
	e->flag = flag;
	e->in_ifindex = in_interface(ctx->skb, ctx->state->in, v6);
	e->out_ifindex = out ? out->ifindex : 0;
	fill_packet(e, h);
	if (ct)
		fill_connection(e, ct, ctinfo, mark);
	else
		fill_no_connection(e);
	if (v6)
		fill_addresses6((struct event6 *)e, h, ct);
	else
		fill_addresses4(e, h, ct);
	/* No wake-up: the reader polls. Waking it for each event would cost
	 * half of the firewall's new connections a second. */
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
}

/* What is_nothing did not let go. */
static __always_inline void look(struct bpf_nf_ctx *ctx, void *nh, unsigned long nfct, bool v6)
{
	struct sk_buff *skb = ctx->skb;
	struct bpf_dynptr ptr; /* one for all: its place on the stack must stay its own */
	struct headers h = {.nh = nh, .linear = linear_length(skb)};
	const struct nf_conn *ct = connection_of(nfct);
	int ctinfo = nfct & NFCT_INFOMASK;
	__u8 flag = FLAG_INVALID;
	__u32 mark = 0;

	if (ctinfo == IP_CT_UNTRACKED) {
		count_untracked();
		return;
	}
	if (v6)
		read_ip6(&h);
	else
		read_ip4(&h);
	if (h.protocol == IPPROTO_TCP)
		read_tcp(skb, &h, &ptr);
	if (ct) {
		mark = ct->mark;
		flag = h.protocol == IPPROTO_TCP ? classify_tcp(ct, ctinfo, mark, &h)
						 : classify_other(ct, ctinfo, mark);
	}
	if (flag == NO_EVENT)
		return;
	if (h.protocol != IPPROTO_TCP)
		read_slow(skb, &h, &ptr);
	emit(ctx, &h, ct, ctinfo, mark, flag, v6);
}

static __always_inline int record(struct bpf_nf_ctx *ctx, bool v6)
{
	struct sk_buff *skb = ctx->skb;
	void *nh = skb->head + skb->network_header;
	unsigned long nfct = skb->_nfct;

	if (unwanted_flags() == ALL_FLAGS)
		return NF_ACCEPT;
	if (!is_nothing(skb, nh, nfct, v6))
		look(ctx, nh, nfct, v6);
	return NF_ACCEPT;
}

SEC("netfilter")
int record4(struct bpf_nf_ctx *ctx)
{
	return record(ctx, false);
}

SEC("netfilter")
int record6(struct bpf_nf_ctx *ctx)
{
	return record(ctx, true);
}
