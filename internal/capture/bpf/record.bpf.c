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
	FLAGS,
	NO_EVENT = FLAGS,
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
	__u16 window, mss, ip_id, payload;
	__u16 cpu;
	__u8 flag; /* enum flag */
	__u8 protocol, orig_protocol;
	__u8 ttl, tcp_flags, tcp_state;
	__u8 direction; /* flow.Direction: 0 unknown, 1 original, 2 reply */
	__u8 icmp_type, icmp_code;
	__u8 header; /* length of the TCP header in bytes; 0: it could not be read */
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
	__type(value, struct event6);
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

#define IP_OFFSET 0x1fff
#define IP6_OFFSET 0xfff8
#define IP6_EXTENSIONS 8 /* so many extension headers are followed */

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
	void *nh; /* network header */
	__be16 sport, dport;
	__u32 seq, ack;
	__u16 window, ip_id;
	__u8 protocol, ttl;
	__u8 flags;
	__u8 doff;   /* of TCP, in bytes */
	__u8 icmp_type, icmp_code;
	__u16 l4off; /* from the network header; 0 where there is none */
	__u16 l4len; /* header and payload, as the IP header says */
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

/* The first four bytes of what follows the IP header: ports, or ICMP's type
 * and code. Of a TCP header cut short they are what can be told. */
static __always_inline bool read_short(const struct bpf_dynptr *ptr, struct headers *h)
{
	__be16 buf[2];
	__be16 *first = bpf_dynptr_slice(ptr, h->l4off, buf, sizeof(buf));

	if (!first)
		return false;
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
		h->icmp_type = bpf_ntohs(first[0]) >> 8;
		h->icmp_code = bpf_ntohs(first[0]) & 0xff;
		break;
	}
	return true;
}

/* Everything but a TCP header in the linear part: rare enough to be slow. */
static __always_inline void read_slow(struct sk_buff *skb, struct headers *h, struct bpf_dynptr *ptr)
{
	struct tcphdr buf = {};
	struct tcphdr *th;

	if (bpf_dynptr_from_skb(skb, 0, ptr))
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

/* Direct access: at the forward hook skb->data is the IP header, and nearly
 * always the TCP header is in the linear part with it. */
static __always_inline void read_tcp(struct sk_buff *skb, struct headers *h, struct bpf_dynptr *ptr)
{
	if (skb->len - skb->data_len >= h->l4off + TCPHDR_LEN)
		take_tcp(h, bpf_rdonly_cast(h->nh + h->l4off, bpf_core_type_id_kernel(struct tcphdr)));
	else
		read_slow(skb, h, ptr);
}

static __always_inline void read_ip4(struct headers *h)
{
	struct iphdr *ip = bpf_rdonly_cast(h->nh, bpf_core_type_id_kernel(struct iphdr));
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

/* The walk over IPv6's extension headers (RFC 8200, 4). */
struct extensions {
	void *nh;
	__u32 linear; /* bytes from nh that can be read */
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

static __always_inline void read_ip6(struct sk_buff *skb, struct headers *h)
{
	struct ipv6hdr *ip = bpf_rdonly_cast(h->nh, bpf_core_type_id_kernel(struct ipv6hdr));
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
	x.linear = skb->len - skb->data_len;
	x.off = sizeof(struct ipv6hdr);
	x.protocol = h->protocol;
	bpf_loop(IP6_EXTENSIONS, next_extension, &x, 0);
	h->protocol = x.protocol;
	h->l4off = x.later_fragment ? 0 : x.off;
	skipped = x.off - sizeof(struct ipv6hdr);
	h->l4len = payload > skipped ? payload - skipped : 0;
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
	if (bpf_probe_read_kernel(s.options, len, h->nh + h->l4off + TCPHDR_LEN))
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

/* Which event a TCP packet of a known connection is; NO_EVENT for most.
 *
 * The ACK: one for each SYN-ACK seen. Its mark bit is set by the enforce
 * chain, which runs after this program. FIN or FIN-ACK: the state cannot tell
 * (a FIN repeated by one side reaches LAST_ACK too), CLOSE_INIT can. */
static __always_inline __u8 classify_tcp(const struct nf_conn *ct, int ctinfo, __u32 mark, __u8 tcp_flags)
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
	return NO_EVENT;
}

/* Of other protocols: the first packet, what is denied, and ICMP errors, which
 * conntrack ties to the connection that they are about. A connection is
 * confirmed when its first packet has left; one that is denied never is. */
static __always_inline __u8 classify_other(const struct nf_conn *ct, int ctinfo, __u32 mark)
{
	if (ctinfo == IP_CT_RELATED || ctinfo == IP_CT_RELATED_REPLY)
		return FLAG_ICMP_ERROR;
	if (!(BPF_CORE_READ(ct, status) & IPS_CONFIRMED))
		return FLAG_FIRST;
	return is_denied(mark) ? FLAG_DENIED : NO_EVENT;
}

static __always_inline void fill_packet(struct event *e, struct headers *h)
{
	e->sport = h->sport;
	e->dport = h->dport;
	e->tcp_seq = h->seq;
	e->tcp_ack = h->ack;
	e->window = h->window;
	e->ip_id = h->ip_id;
	e->payload = h->l4len > h->doff ? h->l4len - h->doff : 0;
	e->protocol = h->protocol;
	e->ttl = h->ttl;
	e->tcp_flags = h->flags;
	e->mss = h->flags & TCP_SYN ? read_mss(h) : 0;
	e->icmp_type = h->icmp_type;
	e->icmp_code = h->icmp_code;
	e->header = h->doff;
}

static __always_inline void fill_connection(struct event *e, const struct nf_conn *ct, int ctinfo, __u32 mark)
{
	if (!ct) {
		e->orig_sport = e->orig_dport = 0;
		e->orig_protocol = 0;
		e->tcp_state = 0;
		e->direction = 0;
		e->mark = 0;
		return;
	}
	e->orig_sport = BPF_CORE_READ(ct, tuplehash[0].tuple.src.u.all);
	e->orig_dport = BPF_CORE_READ(ct, tuplehash[0].tuple.dst.u.all);
	e->orig_protocol = BPF_CORE_READ(ct, tuplehash[0].tuple.dst.protonum);
	e->tcp_state = e->orig_protocol == IPPROTO_TCP ? tcp_state(ct) : 0;
	e->direction = ctinfo >= IP_CT_IS_REPLY ? 2 : 1;
	e->mark = mark;
}

static __always_inline void fill_addresses4(struct event *e, struct headers *h, const struct nf_conn *ct)
{
	struct iphdr *ip = bpf_rdonly_cast(h->nh, bpf_core_type_id_kernel(struct iphdr));

	e->saddr = ip->saddr;
	e->daddr = ip->daddr;
	e->orig_saddr = ct ? BPF_CORE_READ(ct, tuplehash[0].tuple.src.u3.ip) : 0;
	e->orig_daddr = ct ? BPF_CORE_READ(ct, tuplehash[0].tuple.dst.u3.ip) : 0;
}

static __always_inline void fill_addresses6(struct event6 *e, struct headers *h, const struct nf_conn *ct)
{
	struct ipv6hdr *ip = bpf_rdonly_cast(h->nh, bpf_core_type_id_kernel(struct ipv6hdr));

	e->e.saddr = e->e.daddr = e->e.orig_saddr = e->e.orig_daddr = 0;
	for (int i = 0; i < 4; i++) {
		e->saddr[i] = ip->saddr[i];
		e->daddr[i] = ip->daddr[i];
		e->orig_saddr[i] = e->orig_daddr[i] = 0;
	}
	if (!ct)
		return;
	BPF_CORE_READ_INTO(&e->orig_saddr, ct, tuplehash[0].tuple.src.u3.all);
	BPF_CORE_READ_INTO(&e->orig_daddr, ct, tuplehash[0].tuple.dst.u3.all);
}

/* Sends one event. It is numbered before there is surely room for it: the gap
 * that a lost one leaves is how the reader knows. */
static __always_inline void emit(void *ring, struct bpf_nf_ctx *ctx, struct headers *h, const struct nf_conn *ct,
				 int ctinfo, __u32 mark, __u8 flag, bool v6)
{
	struct net_device *in = ctx->state->in, *out = ctx->state->out;
	__u32 zero = 0;
	struct tally *c = bpf_map_lookup_elem(&counters, &zero);
	struct event *e;
	__u64 seq;

	if (!c || flag >= FLAGS)
		return;
	seq = __sync_fetch_and_add(&c->seq, 1) + 1;
	e = v6 ? bpf_ringbuf_reserve(ring, sizeof(struct event6), 0) : bpf_ringbuf_reserve(ring, sizeof(struct event), 0);
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
	fill_packet(e, h);
	fill_connection(e, ct, ctinfo, mark);
	if (v6)
		fill_addresses6((struct event6 *)e, h, ct);
	else
		fill_addresses4(e, h, ct);
	/* No wake-up: the reader polls. Waking it for each event would cost
	 * half of the firewall's new connections a second. */
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
}

static __always_inline int record(struct bpf_nf_ctx *ctx, bool v6)
{
	struct sk_buff *skb = ctx->skb;
	struct bpf_dynptr ptr; /* one for all: its place on the stack must stay its own */
	struct headers h = {};
	const struct nf_conn *ct;
	unsigned long nfct;
	__u32 mark;
	int ctinfo;
	__u8 flag;

	h.nh = skb->head + skb->network_header;
	if (v6)
		read_ip6(skb, &h);
	else
		read_ip4(&h);
	if (h.protocol == IPPROTO_TCP && h.l4off)
		read_tcp(skb, &h, &ptr);
	nfct = skb->_nfct;
	if (!nfct) {
		if (h.protocol != IPPROTO_TCP && h.l4off)
			read_slow(skb, &h, &ptr);
		emit(&refused, ctx, &h, NULL, 0, 0, FLAG_INVALID, v6);
		return NF_ACCEPT;
	}
	ctinfo = nfct & NFCT_INFOMASK;
	if (ctinfo == IP_CT_UNTRACKED)
		return NF_ACCEPT;
	ct = (void *)(nfct & ~NFCT_INFOMASK);
	mark = BPF_CORE_READ(ct, mark);
	flag = h.protocol == IPPROTO_TCP ? classify_tcp(ct, ctinfo, mark, h.flags) : classify_other(ct, ctinfo, mark);
	if (flag == NO_EVENT)
		return NF_ACCEPT;
	if (h.protocol != IPPROTO_TCP && h.l4off)
		read_slow(skb, &h, &ptr);
	if (is_denied(mark))
		emit(&refused, ctx, &h, ct, ctinfo, mark, flag, v6);
	else
		emit(&events, ctx, &h, ct, ctinfo, mark, flag, v6);
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
