/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* What conntrack knows of a packet's connection, and which event that makes it. */
#ifndef SEKISHO_CONNECTION_H
#define SEKISHO_CONNECTION_H

#include "event.h"
#include "packet.h"

/* The marks' layout is the ruleset's (internal/ruleset); set before loading. */
const volatile __u32 mark_action_mask;
const volatile __u32 mark_action_deny;
const volatile __u32 mark_handshake;

/* The packet's connection; NULL where conntrack knows none, and where it was
 * told not to look. */
static __always_inline const struct nf_conn *connection_of(unsigned long nfct)
{
	void *ct = (void *)(nfct & ~NFCT_INFOMASK);

	return ct ? MEMORY(ct) : NULL;
}

static __always_inline bool is_reply(int ctinfo)
{
	return ctinfo >= IP_CT_IS_REPLY;
}

/* Without a policy of ours (mark_action_deny is 0) nothing is denied. */
static __always_inline bool is_denied(__u32 mark)
{
	return mark_action_deny && (mark & mark_action_mask) == mark_action_deny;
}

static __always_inline bool closed_first(const struct nf_conn *ct, bool reply)
{
	/* Not an index: relocated accesses must be constant. */
	__u8 flags = reply ? ct->proto.tcp.seen[1].flags : ct->proto.tcp.seen[0].flags;

	return flags & IP_CT_TCP_FLAG_CLOSE_INIT;
}

/* A segment with data that came once, twice or so many times more that it is a
 * power of two (of 256 times, eight are events), with no plain segment of either
 * side in between. That the last one counted is this very packet must be looked
 * at: conntrack ignores some packets, and lets them pass. */
static __always_inline bool is_repeated(const struct nf_conn *ct, int ctinfo, const struct headers *h)
{
	__u8 times = ct->proto.tcp.retrans;
	__u16 payload = payload_length(h);

	if (!times || times & (times - 1) || !payload || ct->proto.tcp.state < TCP_CONNTRACK_ESTABLISHED)
		return false;
	return ct->proto.tcp.last_dir == is_reply(ctinfo) && ct->proto.tcp.last_seq == h->seq &&
	       ct->proto.tcp.last_end == h->seq + payload;
}

/* Which event a TCP packet of a known connection is; NO_EVENT for most.
 *
 * The ACK: one for each SYN-ACK seen. Its mark bit is set by the enforce
 * chain, which runs after this program. FIN or FIN-ACK: the state cannot tell
 * (a FIN repeated by one side reaches LAST_ACK too), CLOSE_INIT can. */
static __always_inline __u8 classify_tcp(const struct nf_conn *ct, int ctinfo, __u32 mark, const struct headers *h)
{
	bool reply = is_reply(ctinfo);

	if (is_denied(mark))
		return (h->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN ? FLAG_SYN : FLAG_DENIED;
	if (h->flags & TCP_RST)
		return FLAG_RST;
	if (h->flags & TCP_SYN)
		return h->flags & TCP_ACK ? FLAG_SYN_ACK : FLAG_SYN;
	if (h->flags & TCP_FIN) {
		if (closed_first(ct, reply))
			return FLAG_FIN;
		return closed_first(ct, !reply) ? FLAG_FIN_ACK : FLAG_FIN;
	}
	if (ctinfo == IP_CT_ESTABLISHED && !(mark & mark_handshake) && h->flags & TCP_ACK &&
	    ct->proto.tcp.state == TCP_CONNTRACK_ESTABLISHED)
		return FLAG_ACK;
	return is_repeated(ct, ctinfo, h) ? FLAG_RETRANS : NO_EVENT;
}

/* Of other protocols: the first packet, what is denied, and ICMP errors, which
 * conntrack ties to the connection that they are about. A connection is
 * confirmed when its first packet has left; one that is denied never is. */
static __always_inline __u8 classify_other(const struct nf_conn *ct, int ctinfo, __u32 mark)
{
	if (ctinfo == IP_CT_RELATED || ctinfo == IP_CT_RELATED_REPLY)
		return FLAG_ICMP_ERROR;
	if (!(ct->status & IPS_CONFIRMED))
		return FLAG_FIRST;
	return is_denied(mark) ? FLAG_DENIED : NO_EVENT;
}

/* A plain segment of an allowed connection whose handshake is done, sent for
 * the first time: nearly all packets are. They leave here. Fragments need no
 * look: where there is a connection, conntrack has put them together. */
static __always_inline bool is_nothing(struct sk_buff *skb, void *nh, unsigned long nfct, bool v6)
{
	const struct nf_conn *ct = connection_of(nfct);
	__u8 protocol;
	__u32 off, mark;

	if (!ct)
		return false;
	if (v6) {
		protocol = ip6_header(nh)->nexthdr;
		off = sizeof(struct ipv6hdr);
	} else {
		protocol = ip4_header(nh)->protocol;
		off = (ip4_header(nh)->version_ihl & 0xf) * 4;
	}
	if (protocol != IPPROTO_TCP || linear_length(skb) < off + TCPHDR_LEN)
		return false;
	if (tcp_header(nh + off)->flags & (TCP_SYN | TCP_FIN | TCP_RST))
		return false;
	mark = ct->mark;
	return mark & mark_handshake && !is_denied(mark) && !ct->proto.tcp.retrans;
}

static __always_inline __u32 unacked(__u32 sent, __u8 back_flags, __u32 back_ack)
{
	return back_flags & IP_CT_TCP_FLAG_MAXACK_SET ? sent - back_ack : UNACKED_UNKNOWN;
}

/* How far the connection has come each way, this packet included. A SYN begins
 * anew: what conntrack knows may be of a connection before. */
static __always_inline void fill_streams(struct event *e, const struct nf_conn *ct)
{
	if (e->orig_protocol != IPPROTO_TCP || e->flag == FLAG_SYN) {
		e->original.sent = e->reply.sent = 0;
		e->original.unacked = e->reply.unacked = UNACKED_UNKNOWN;
		return;
	}
	e->original.sent = ct->proto.tcp.seen[0].td_end;
	e->reply.sent = ct->proto.tcp.seen[1].td_end;
	e->original.unacked = unacked(e->original.sent, ct->proto.tcp.seen[1].flags, ct->proto.tcp.seen[1].td_maxack);
	e->reply.unacked = unacked(e->reply.sent, ct->proto.tcp.seen[0].flags, ct->proto.tcp.seen[0].td_maxack);
}

/* The zone that tells a connection from others with the same addresses: of both
 * directions, or of the one that has a zone. A kernel may be made without them. */
static __always_inline __u16 zone_of(const struct nf_conn *ct)
{
	return bpf_core_field_exists(ct->zone) ? ct->zone.id : 0;
}

static __always_inline void fill_connection(struct event *e, const struct nf_conn *ct, int ctinfo, __u32 mark)
{
	e->orig_sport = ct->tuplehash[0].tuple.src.u.all;
	e->orig_dport = ct->tuplehash[0].tuple.dst.u.all;
	e->orig_protocol = ct->tuplehash[0].tuple.dst.protonum;
	e->tcp_state = e->orig_protocol == IPPROTO_TCP ? ct->proto.tcp.state : 0;
	e->direction = is_reply(ctinfo) ? 2 : 1;
	e->mark = mark;
	e->zone = zone_of(ct);
	fill_streams(e, ct);
}

static __always_inline void fill_no_connection(struct event *e)
{
	e->orig_sport = e->orig_dport = 0;
	e->orig_protocol = 0;
	e->tcp_state = 0;
	e->direction = 0;
	e->mark = 0;
	e->zone = 0;
	e->original.sent = e->reply.sent = 0;
	e->original.unacked = e->reply.unacked = UNACKED_UNKNOWN;
}

#endif
