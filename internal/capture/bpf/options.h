/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* The MSS option (RFC 9293, 3.2). */
#ifndef SEKISHO_OPTIONS_H
#define SEKISHO_OPTIONS_H

#include "packet.h"

#define OPTIONS_MAX 40
#define OPTIONS_SPACE 64

#define OPTION_EOL 0
#define OPTION_NOP 1
#define OPTION_MSS 2

struct mss_option {
	__u8 kind, size;
	__be16 mss;
};

struct mss_search {
	__u8 options[OPTIONS_SPACE];
	__u32 at, size;
	__u16 mss;
};

/* A byte of the options; the mask tells the verifier what the length has told
 * already. */
#define OPTION(s, i) (s)->options[((s)->at + (i)) & (OPTIONS_SPACE - 1)]

/* Looks at one option; 1 ends the search. */
static long next_option(__u32 unused, struct mss_search *s)
{
	__u8 kind = OPTION(s, 0), size = OPTION(s, 1);

	if (kind == OPTION_NOP) {
		s->at++;
		return 0;
	}
	if (kind == OPTION_EOL || size < 2 || s->at > OPTIONS_MAX)
		return 1;
	/* Of another length it is none, as for hosts. */
	if (kind == OPTION_MSS && size == sizeof(struct mss_option) && s->at + size <= s->size)
		s->mss = OPTION(s, 2) << 8 | OPTION(s, 3);
	s->at += size;
	return 0;
}

/* What is not there reads as the end of the options. */
static __always_inline __u16 search_mss(void *options, __u32 size)
{
	struct mss_search s = {.size = size};

	/* The compiler knows that the mask takes nothing away, and would leave it
	 * out; the verifier of Linux 6.12 does not. */
	barrier_var(size);
	if (bpf_probe_read_kernel(s.options, size & (OPTIONS_SPACE - 1), options))
		return 0;
	bpf_loop(OPTIONS_MAX, next_option, &s, 0);
	return s.mss;
}

/* Of a SYN or SYN-ACK only. Nearly all systems put this option first, and once. */
static __always_inline __u16 read_mss(struct headers *h)
{
	__u32 size = h->doff > TCPHDR_LEN ? h->doff - TCPHDR_LEN : 0;
	void *options = h->nh + h->l4off + TCPHDR_LEN;
	const struct mss_option *first;

	if (size < sizeof(*first) || h->l4len < h->doff || h->linear < h->l4off + h->doff)
		return 0;
	first = MEMORY(options - MEMORY_BEGIN) + MEMORY_BEGIN;
	if (first->kind == OPTION_MSS && first->size == sizeof(*first))
		return bpf_ntohs(first->mss);
	return search_mss(options, size);
}

#endif
