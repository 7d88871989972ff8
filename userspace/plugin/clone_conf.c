// SPDX-License-Identifier: GPL-2.0
/* What xl.conf says about every new domain; xl reads it in parse_global_config(). */
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <libxlutil.h>

#include "clone_host.h"

#define XL_CONF		"/etc/xen/xl.conf"

/* xl tries as long, while dom0's memory shrinks. */
#define PATIENCE	30
#define PATIENCE_ONCE	10

/* xl's auto_autoballoon(): who fixed dom0's memory on Xen's command line wants it kept. */
static bool memory_is_fixed(struct clone_host *host)
{
	const libxl_version_info *info = libxl_get_version_info(host->ctx);
	regex_t regex;
	bool fixed;

	if (!info || regcomp(&regex, "(^| )dom0_mem=((|min:|max:)[0-9]+[bBkKmMgG]?,?)+($| )",
			     REG_NOSUB | REG_EXTENDED))
		return true;
	fixed = !regexec(&regex, info->commandline, 0, NULL, 0);
	regfree(&regex);
	return fixed;
}

static void read_autoballoon(struct clone_host *host, XLU_Config *config)
{
	const char *value;

	if (xlu_cfg_get_string(config, "autoballoon", &value, 0) || !strcmp(value, "auto"))
		host->autoballoon = !memory_is_fixed(host);
	else
		host->autoballoon = !strcmp(value, "on") || !strcmp(value, "1");
}

static void read_others(struct clone_host *host, XLU_Config *config)
{
	static const char * const masks[] = { "vm.cpumask", "vm.hvm.cpumask", "vm.pv.cpumask" };
	const char *value;
	size_t i;

	if (!xlu_cfg_get_string(config, "domid_policy", &value, 0) &&
	    !strcmp(value, "random"))
		host->domid_policy = RANDOM_DOMID;
	for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
		if (!xlu_cfg_get_string(config, masks[i], &value, 0))
			clone_log(host, XL_CONF ": %s is not applied to clones", masks[i]);
}

void clone_read_xl_conf(struct clone_host *host)
{
	XLU_Config *config = xlu_cfg_init(stderr, XL_CONF);

	host->domid_policy = INVALID_DOMID;
	host->autoballoon = false;
	if (!config)
		return;
	if (!xlu_cfg_readfile(config, XL_CONF)) {
		read_autoballoon(host, config);
		read_others(host, config);
	}
	xlu_cfg_destroy(config);
}

/* What guests need that are being made: part of it is still free. */
static int needed(struct clone_host *host, struct clone_guest *guest, uint64_t *kib)
{
	struct clone_guest *g;
	uint64_t one;

	*kib = 0;
	for (g = host->guests; g; g = g->next) {
		if (g != guest && g->stage != STAGE_MAKING)
			continue;
		if (libxl_domain_need_memory(host->ctx, &g->config, INVALID_DOMID, &one))
			return -1;
		*kib += one;
	}
	return 0;
}

int clone_free_memory(struct clone_host *host, struct clone_guest *guest)
{
	uint64_t need, available;
	double credit = PATIENCE;

	if (!host->autoballoon)
		return 0;
	if (needed(host, guest, &need))
		return -1;
	while (!libxl_get_free_memory(host->ctx, &available)) {
		time_t start = clone_seconds();

		if (available >= need)
			return 0;
		if (credit <= 0 ||
		    libxl_set_memory_target(host->ctx, 0, (int64_t)(available - need), 1, 0) ||
		    libxl_wait_for_memory_target(host->ctx, 0, PATIENCE_ONCE))
			return -1;
		credit -= difftime(clone_seconds(), start);
	}
	return -1;
}
