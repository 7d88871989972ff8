// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin of qemu: counts the instructions executed at each address between
 * two marks (mark.c). Each mark writes the counts since the last one to a file
 * OUT.NUMBER, in lines "address instructions calls": calls is how often the code
 * was entered at exactly that address.
 *
 * For one emulated processor: the counters are not atomic.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

int qemu_plugin_version = 1;

#define SLOTS_SHIFT	22
#define SLOTS		(1u << SLOTS_SHIFT)

/* A block of code, executed from its first instruction to its last. */
struct block {
	uint64_t addr;
	uint64_t insns;
	uint64_t times;
};

static struct block *blocks[SLOTS];
static const char *out;

static void die(const char *what)
{
	fprintf(stderr, "insns: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct block *find_block(uint64_t addr, uint64_t insns)
{
	uint64_t h = ((addr ^ insns << 48) * UINT64_C(0x9e3779b97f4a7c15)) >>
		     (64 - SLOTS_SHIFT);

	for (; blocks[h]; h = (h + 1) % SLOTS)
		if (blocks[h]->addr == addr && blocks[h]->insns == insns)
			return blocks[h];
	blocks[h] = calloc(1, sizeof(*blocks[h]));
	if (!blocks[h])
		die("memory");
	blocks[h]->addr = addr;
	blocks[h]->insns = insns;
	return blocks[h];
}

static void on_mark(unsigned int cpu, void *data)
{
	static unsigned int number;
	char path[4096];
	unsigned int i;
	FILE *f;

	(void)cpu;
	(void)data;
	snprintf(path, sizeof(path), "%s.%u", out, number++);
	f = fopen(path, "w");
	if (!f)
		die(path);
	for (i = 0; i < SLOTS; i++) {
		struct block *b = blocks[i];

		if (!b || !b->times)
			continue;
		fprintf(f, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n", b->addr,
			b->insns * b->times, b->times);
		b->times = 0;
	}
	if (fclose(f))
		die(path);
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	static const uint8_t mark[] = {
		0x0f, 0x1f, 0x80, 0x78, 0x65, 0x6e, 0x74
	};
	size_t i, n = qemu_plugin_tb_n_insns(tb);
	struct block *block = find_block(qemu_plugin_tb_vaddr(tb), n);

	(void)id;
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (qemu_plugin_insn_size(insn) == sizeof(mark) &&
		    !memcmp(qemu_plugin_insn_data(insn), mark, sizeof(mark)))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark,
							       QEMU_PLUGIN_CB_NO_REGS,
							       NULL);
	}
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64,
						 &block->times, 1);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc,
			char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fputs("insns: usage: -plugin insns.so,out=FILE\n", stderr);
		return -1;
	}
	out = strdup(argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	return 0;
}
