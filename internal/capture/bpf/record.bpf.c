//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * The recorder: a netfilter program at the forward hook, between the chain
 * that decides (priority 0) and the chain that enforces (priority 20). It
 * changes nothing and accepts everything; for the packets that make a TCP
 * connection's story it sends one event to a ring.
 *
 * Cost decides its shape: a data packet leaves after one look at its flags
 * and one read of the connection's mark.
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

/* The layout of events and of counters; a change needs another number in
 * internal/capture/pin.go, because both live pinned beside older ones. */

enum flag { /* flow.Flag */
	FLAG_NONE,
	FLAG_SYN,
	FLAG_SYN_ACK,
	FLAG_ACK,
	FLAG_FIN,
	FLAG_FIN_ACK,
	FLAG_RST,
	FLAG_INVALID,
	FLAG_DENIED,
	FLAGS,
};

struct event {
	__u64 seq;     /* counter of this CPU, from 1 */
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__be32 saddr, daddr;
	__be16 sport, dport;
	/* conntrack's original tuple; zero without a connection */
	__be32 orig_saddr, orig_daddr;
	__be16 orig_sport, orig_dport;
	__u32 tcp_seq, tcp_ack;
	__u32 mark;
	__u32 in_ifindex, out_ifindex;
	__u16 window, mss, ip_id, payload;
	__u16 cpu;
	__u8 flag; /* enum flag */
	__u8 protocol;
	__u8 ttl, tcp_flags, tcp_state;
	__u8 direction; /* flow.Direction: 0 unknown, 1 original, 2 reply */
};

struct tally {
	__u64 seq; /* of the last event, lost ones included */
	__u64 recorded[FLAGS];
	__u64 lost[FLAGS]; /* no room in the ring */
};

/* The marks' layout is the ruleset's (internal/ruleset); set before loading. */
const volatile __u32 mark_action_mask;
const volatile __u32 mark_action_deny;
const volatile __u32 mark_handshake;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
	__type(value, struct event);
} events SEC(".maps");

/* INVALID and denied packets have a ring of their own: a flood of them starves
 * no ordinary connection. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} refused SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tally);
} counters SEC(".maps");

extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym;
extern int bpf_dynptr_from_skb(struct sk_buff *skb, __u64 flags, struct bpf_dynptr *ptr) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *ptr, __u32 offset, void *buffer, __u32 buffer__szk) __ksym;

#define IPPROTO_TCP 6

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

#define TCPHDR_LEN 20
#define TCP_OPTIONS_MAX 40
#define OPTIONS_SPACE 64
#define TCPOPT_EOL 0
#define TCPOPT_NOP 1
#define TCPOPT_MSS 2

/* What was read from the packet's headers. */
struct headers {
	struct iphdr *ip;
	__be16 sport, dport;
	__u32 seq, ack;
	__u16 window;
	__u8 flags;
	__u8 doff;  /* bytes */
	__u16 l4off; /* from the network header */
	__u16 l4len; /* TCP header and payload, as the IP header says */
};

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

/* A header outside the linear part, or cut short: rare, so it may be slow.
 * Of a header cut short at least the ports are told, if they are there. */
static __always_inline bool read_tcp_slow(struct sk_buff *skb, struct headers *h)
{
	struct bpf_dynptr ptr;
	struct tcphdr buf = {};
	struct tcphdr *th;
	__be16 *ports;

	if (bpf_dynptr_from_skb(skb, 0, &ptr))
		return false;
	th = bpf_dynptr_slice(&ptr, h->l4off, &buf, sizeof(buf));
	if (th) {
		take_tcp(h, th);
		return true;
	}
	ports = bpf_dynptr_slice(&ptr, h->l4off, &buf, 4);
	if (!ports)
		return false;
	h->sport = ports[0];
	h->dport = ports[1];
	return true;
}

/* Finds the headers. Direct access: at the forward hook skb->data is the IP
 * header and nearly always the TCP header is in the linear part with it. */
static __always_inline bool read_headers(struct sk_buff *skb, struct headers *h)
{
	void *nh = skb->head + skb->network_header;
	struct iphdr *ip = bpf_rdonly_cast(nh, bpf_core_type_id_kernel(struct iphdr));
	__u16 total;

	if (ip->protocol != IPPROTO_TCP)
		return false;
	h->ip = ip;
	h->l4off = (ip->version_ihl & 0xf) * 4;
	total = bpf_ntohs(ip->tot_len);
	h->l4len = total > h->l4off ? total - h->l4off : 0;
	if (skb->len - skb->data_len < h->l4off + TCPHDR_LEN)
		return read_tcp_slow(skb, h);
	take_tcp(h, bpf_rdonly_cast(nh + h->l4off, bpf_core_type_id_kernel(struct tcphdr)));
	return true;
}

struct mss_search {
	__u8 options[OPTIONS_SPACE];
	__u32 at;
	__u16 mss;
};

/* A byte of the options; the mask tells the verifier what the length has told
 * already. */
#define OPTION(s, i) (s)->options[((s)->at + (i)) & (OPTIONS_SPACE - 1)]

/* Looks at one option; 1 ends the search. */
static long next_option(__u32 unused, struct mss_search *s)
{
	__u8 kind = OPTION(s, 0), size = OPTION(s, 1);

	if (kind == TCPOPT_NOP) {
		s->at++;
		return 0;
	}
	if (kind == TCPOPT_MSS)
		s->mss = OPTION(s, 2) << 8 | OPTION(s, 3);
	if (kind == TCPOPT_MSS || kind == TCPOPT_EOL || size < 2 || s->at > TCP_OPTIONS_MAX)
		return 1;
	s->at += size;
	return 0;
}

/* The MSS option (RFC 9293, 3.2), of a SYN or SYN-ACK only. What is not there
 * reads as the end of the options. */
static __always_inline __u16 read_mss(struct headers *h)
{
	struct mss_search s = {};
	__u32 len = h->doff > TCPHDR_LEN ? h->doff - TCPHDR_LEN : 0;

	if (len < 4 || len > TCP_OPTIONS_MAX || h->l4len < h->doff)
		return 0;
	if (bpf_probe_read_kernel(s.options, len, (void *)h->ip + h->l4off + TCPHDR_LEN))
		return 0;
	bpf_loop(TCP_OPTIONS_MAX, next_option, &s, 0);
	return s.mss;
}

static __always_inline __u8 tcp_state(const struct nf_conn *ct)
{
	return BPF_CORE_READ(ct, proto.tcp.state);
}

static __always_inline bool closed_first(const struct nf_conn *ct, int reply)
{
	/* Not an index: relocated accesses must be constant. */
	__u8 flags = reply ? BPF_CORE_READ(ct, proto.tcp.seen[1].flags)
			   : BPF_CORE_READ(ct, proto.tcp.seen[0].flags);

	return flags & IP_CT_TCP_FLAG_CLOSE_INIT;
}

/* Without a policy of ours (mark_action_deny is 0) nothing is denied. */
static __always_inline bool is_denied(__u32 mark)
{
	return mark_action_deny && (mark & mark_action_mask) == mark_action_deny;
}

/* Which event a packet of a known connection is; FLAG_NONE for most.
 *
 * The ACK: one for each SYN-ACK seen. Its mark bit is set by the enforce
 * chain, which runs after this program. FIN or FIN-ACK: the state cannot tell
 * (a FIN repeated by one side reaches LAST_ACK too), CLOSE_INIT can. */
static __always_inline __u8 classify(const struct nf_conn *ct, int ctinfo, __u32 mark, __u8 tcp_flags)
{
	int reply = ctinfo >= IP_CT_IS_REPLY;

	if (is_denied(mark))
		return (tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN ? FLAG_SYN : FLAG_DENIED;
	if (tcp_flags & TCP_RST)
		return FLAG_RST;
	if (tcp_flags & TCP_SYN)
		return tcp_flags & TCP_ACK ? FLAG_SYN_ACK : FLAG_SYN;
	if (tcp_flags & TCP_FIN) {
		if (closed_first(ct, reply))
			return FLAG_FIN;
		return closed_first(ct, !reply) ? FLAG_FIN_ACK : FLAG_FIN;
	}
	if (ctinfo == IP_CT_ESTABLISHED && !(mark & mark_handshake) && tcp_flags & TCP_ACK &&
	    tcp_state(ct) == TCP_CONNTRACK_ESTABLISHED)
		return FLAG_ACK;
	return FLAG_NONE;
}

static __always_inline void fill_packet(struct event *e, struct sk_buff *skb, struct headers *h)
{
	__u16 header = h->doff;

	e->saddr = h->ip->saddr;
	e->daddr = h->ip->daddr;
	e->sport = h->sport;
	e->dport = h->dport;
	e->tcp_seq = h->seq;
	e->tcp_ack = h->ack;
	e->window = h->window;
	e->ip_id = bpf_ntohs(h->ip->id);
	e->payload = h->l4len > header ? h->l4len - header : 0;
	e->protocol = h->ip->protocol;
	e->ttl = h->ip->ttl;
	e->tcp_flags = h->flags;
	e->mss = h->flags & TCP_SYN ? read_mss(h) : 0;
}

static __always_inline void fill_connection(struct event *e, const struct nf_conn *ct, int ctinfo, __u32 mark)
{
	if (!ct) {
		e->orig_saddr = e->orig_daddr = 0;
		e->orig_sport = e->orig_dport = 0;
		e->tcp_state = 0;
		e->direction = 0;
		e->mark = 0;
		return;
	}
	e->orig_saddr = BPF_CORE_READ(ct, tuplehash[0].tuple.src.u3.ip);
	e->orig_daddr = BPF_CORE_READ(ct, tuplehash[0].tuple.dst.u3.ip);
	e->orig_sport = BPF_CORE_READ(ct, tuplehash[0].tuple.src.u.all);
	e->orig_dport = BPF_CORE_READ(ct, tuplehash[0].tuple.dst.u.all);
	e->tcp_state = tcp_state(ct);
	e->direction = ctinfo >= IP_CT_IS_REPLY ? 2 : 1;
	e->mark = mark;
}

/* Sends one event. It is numbered before there is surely room for it: the gap
 * that a lost one leaves is how the reader knows. */
static __always_inline void emit(void *ring, struct bpf_nf_ctx *ctx, struct headers *h, const struct nf_conn *ct,
				 int ctinfo, __u32 mark, __u8 flag)
{
	struct net_device *in = ctx->state->in, *out = ctx->state->out;
	__u32 zero = 0;
	struct tally *c = bpf_map_lookup_elem(&counters, &zero);
	struct event *e;
	__u64 seq;

	if (!c || flag >= FLAGS)
		return;
	seq = __sync_fetch_and_add(&c->seq, 1) + 1;
	e = bpf_ringbuf_reserve(ring, sizeof(*e), 0);
	if (!e) {
		__sync_fetch_and_add(&c->lost[flag], 1);
		return;
	}
	__sync_fetch_and_add(&c->recorded[flag], 1);
	e->seq = seq;
	e->time_ns = bpf_ktime_get_ns();
	e->cpu = bpf_get_smp_processor_id();
	e->flag = flag;
	e->in_ifindex = in ? in->ifindex : 0;
	e->out_ifindex = out ? out->ifindex : 0;
	fill_packet(e, ctx->skb, h);
	fill_connection(e, ct, ctinfo, mark);
	/* No wake-up: the reader polls. Waking it for each event would cost
	 * half of the firewall's new connections a second. */
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
}

SEC("netfilter")
int record(struct bpf_nf_ctx *ctx)
{
	struct sk_buff *skb = ctx->skb;
	struct headers h = {};
	const struct nf_conn *ct;
	unsigned long nfct;
	__u32 mark;
	int ctinfo;
	__u8 flag;

	if (!read_headers(skb, &h))
		return NF_ACCEPT;
	nfct = skb->_nfct;
	if (!nfct) {
		emit(&refused, ctx, &h, NULL, 0, 0, FLAG_INVALID);
		return NF_ACCEPT;
	}
	ctinfo = nfct & NFCT_INFOMASK;
	if (ctinfo == IP_CT_UNTRACKED)
		return NF_ACCEPT;
	ct = (void *)(nfct & ~NFCT_INFOMASK);
	mark = BPF_CORE_READ(ct, mark);
	flag = classify(ct, ctinfo, mark, h.flags);
	if (flag == FLAG_NONE)
		return NF_ACCEPT;
	if (is_denied(mark))
		emit(&refused, ctx, &h, ct, ctinfo, mark, flag);
	else
		emit(&events, ctx, &h, ct, ctinfo, mark, flag);
	return NF_ACCEPT;
}
