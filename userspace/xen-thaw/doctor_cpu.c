// SPDX-License-Identifier: GPL-2.0
/*
 * A save file has the CPUID policy that the guest saw. Xen refuses one with more leaves than it
 * can give a guest here (x86_cpu_policies_are_compatible()), and silently takes features away.
 */
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "info.h"

/* Of the policies that Xen has, which none comes near. */
#define MAX_LEAVES	256

/**
 * struct leaf - a leaf of CPUID
 * @leaf: its number
 * @subleaf: its second number; ~0 if it has none
 * @reg: eax, ebx, ecx, edx
 */
struct leaf {
	uint32_t leaf;
	uint32_t subleaf;
	uint32_t reg[4];
};

/**
 * struct policy - what CPUID says
 * @nr: leaves
 * @leaf: the leaves
 */
struct policy {
	size_t nr;
	struct leaf leaf[MAX_LEAVES];
};

static const char * const reg_name[] = { "eax", "ebx", "ecx", "edx" };

/* Features that AMD has twice, in leaf 1 and here. Xen's maximum has them only there. */
#define COMMON_1D	0x0183f3ffU

/* More are not listed. */
#define MAX_LISTED	6U

/* Words of features, without bits that depend on what the guest runs (OSXSAVE, APIC, OSPKE). */
static const struct {
	uint32_t leaf;
	uint32_t subleaf;
	unsigned int reg;
	uint32_t mask;
} features[] = {
	{ 1, ~0U, 2, ~(1U << 27) },
	{ 1, ~0U, 3, ~(1U << 9) },
	{ 7, 0, 1, ~0U },
	{ 7, 0, 2, ~(1U << 4) },
	{ 7, 0, 3, ~0U },
	{ 7, 1, 0, ~0U },
	{ 0x80000001, ~0U, 2, ~0U },
	{ 0x80000001, ~0U, 3, ~COMMON_1D },
};

static uint32_t value(const struct policy *p, uint32_t leaf, uint32_t subleaf,
		      unsigned int reg)
{
	size_t i;

	for (i = 0; i < p->nr; i++)
		if (p->leaf[i].leaf == leaf && p->leaf[i].subleaf == subleaf)
			return p->leaf[i].reg[reg];
	return 0;
}

/* Return: 0; 1 if the file has no policy; -1 if it cannot be read. */
static int read_saved(struct policy *p, const struct stream *from)
{
	struct stream_record rec;
	struct stream s;
	size_t i;

	if (stream_open(&s, from->fd, from->name, from->start))
		return -1;
	do {
		if (stream_next(&s, &rec))
			return -1;
	} while (rec.type != REC_X86_CPUID_POLICY && rec.type != REC_END &&
		 rec.type != REC_PAGE_DATA);
	if (rec.type != REC_X86_CPUID_POLICY)
		return 1;
	p->nr = rec.length / sizeof(p->leaf[0]);
	if (p->nr > MAX_LEAVES ||
	    stream_read(&s, rec.body, p->leaf, p->nr * sizeof(p->leaf[0]),
			"CPUID policy"))
		return -1;
	for (i = 0; i < p->nr * sizeof(p->leaf[0]) / sizeof(uint32_t); i++)
		((uint32_t *)p->leaf)[i] = le32toh(((uint32_t *)p->leaf)[i]);
	return 0;
}

/* Return: what Xen's tool beside the stock helper prints, for free(); or NULL. */
static char *run_xen_cpuid(const char *stock)
{
	char path[256];
	const char * const argv[] = { path, "-p", NULL };
	const char *slash = stock ? strrchr(stock, '/') : NULL;

	if (!slash)
		return NULL;
	snprintf(path, sizeof(path), "%.*s/xen-cpuid", (int)(slash - stock),
		 stock);
	return doctor_output(argv);
}

/* Return: 0, or -1 if Xen's tool does not tell. */
static int read_host(struct policy *p, const char *stock, bool pv)
{
	const char *start = pv ? "\nPV Max policy:" : "\nHVM Max policy:";
	char *text = run_xen_cpuid(stock), *line, *rest;
	struct leaf *l;

	line = text ? strstr(text, start) : NULL;
	p->nr = 0;
	line = line ? strtok_r(line + 1, "\n", &rest) : NULL;
	while (line && (line = strtok_r(NULL, "\n", &rest)) &&
	       !strstr(line, "MSRs:") && p->nr < MAX_LEAVES) {
		l = &p->leaf[p->nr];
		if (sscanf(line, " %" SCNx32 ":%" SCNx32 " -> %" SCNx32 ":%"
			   SCNx32 ":%" SCNx32 ":%" SCNx32, &l->leaf,
			   &l->subleaf, &l->reg[0], &l->reg[1], &l->reg[2],
			   &l->reg[3]) == 6)
			p->nr++;
	}
	free(text);
	return p->nr ? 0 : -1;
}

/* Return: the number that says how far a range of leaves goes, as Xen compares it. */
static uint32_t last_leaf(const struct policy *p, uint32_t leaf,
			  uint32_t subleaf)
{
	return value(p, leaf, subleaf, 0) & (leaf ? 0xffff : ~0U);
}

static bool has_too_many(const struct policy *saved, const struct policy *host)
{
	return last_leaf(saved, 0, ~0U) > last_leaf(host, 0, ~0U) ||
	       value(saved, 7, 0, 0) > value(host, 7, 0, 0) ||
	       last_leaf(saved, 0x80000000, ~0U) >
	       last_leaf(host, 0x80000000, ~0U);
}

/* Newer Xen refuses another vendor; older Xen takes it. */
static bool has_other_vendor(const struct policy *saved,
			     const struct policy *host)
{
	unsigned int reg;

	for (reg = 1; reg < 4; reg++)
		if (value(saved, 0, ~0U, reg) != value(host, 0, ~0U, reg))
			return true;
	return false;
}

/* Writes the features that the guest loses. Return: how many. */
static unsigned int list_lost(const struct policy *saved,
			      const struct policy *host, char *text,
			      size_t size)
{
	unsigned int lost = 0, bit;
	size_t i, len = 0;
	uint32_t word;

	text[0] = '\0';
	for (i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		word = value(saved, features[i].leaf, features[i].subleaf,
			     features[i].reg) &
		       ~value(host, features[i].leaf, features[i].subleaf,
			      features[i].reg) & features[i].mask;
		for (bit = 0; bit < 32; bit++) {
			if (!(word & 1U << bit))
				continue;
			if (lost < MAX_LISTED)
				len += (size_t)snprintf(text + len, size - len,
							"%s%" PRIx32 " %s bit %u",
							lost ? ", " : "",
							features[i].leaf,
							reg_name[features[i].reg],
							bit);
			lost++;
		}
	}
	return lost;
}

static void compare(struct doctor *d, const struct policy *saved,
		    const struct policy *host)
{
	char lost[256];
	unsigned int nr;

	if (has_other_vendor(saved, host)) {
		doctor_say(d, "cpu", DOCTOR_TODO,
			   "the guest saw a processor of another vendor");
		doctor_advise(d, "restore it on such a host, or boot it anew");
		return;
	}
	if (has_too_many(saved, host)) {
		doctor_say(d, "cpu", DOCTOR_TODO,
			   "the guest saw a newer processor than this one: Xen refuses it");
		doctor_advise(d, "restore it on such a host, or boot it anew");
		return;
	}
	nr = list_lost(saved, host, lost, sizeof(lost));
	if (!nr) {
		doctor_say(d, "cpu", DOCTOR_OK,
			   "has all features that the guest saw");
		return;
	}
	doctor_say(d, "cpu", DOCTOR_TODO,
		   "the guest saw %u features that this host does not have (CPUID leaf %s%s)",
		   nr, lost, nr > MAX_LISTED ? ", ..." : "");
	doctor_advise(d, "restore it on such a host: Xen takes them away without a word, and the guest may crash");
}

void doctor_check_cpu(struct doctor *d, const struct info *info)
{
	bool pv = info->file.stream.guest_type == STREAM_GUEST_PV;
	static struct policy saved, host;
	int ret = read_saved(&saved, &info->file.stream);

	if (ret < 0) {
		doctor_say(d, "cpu", DOCTOR_TODO,
			   "the CPUID policy in the file cannot be read");
		doctor_advise(d, "use another copy of the file");
	} else if (ret) {
		doctor_say(d, "cpu", DOCTOR_NOTE,
			   "the file does not say which processor the guest saw");
	} else if (read_host(&host, d->stock, pv)) {
		doctor_say(d, "cpu", DOCTOR_NOTE,
			   "not compared: Xen's xen-cpuid does not tell");
		doctor_advise(d, "run xen-thaw doctor as root in dom0");
	} else {
		compare(d, &saved, &host);
	}
}
