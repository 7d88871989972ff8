// SPDX-License-Identifier: GPL-2.0
/*
 * Where the stock helper put the pages of a PV guest: a table in shared memory,
 * written by the library that is preloaded into it.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pv.h"
#include "stock.h"

#define LIBRARY		"xen-thaw-pv.so"

/* Milliseconds to wait for a report. */
#define HELLO_MS	10000
#define SILENCE_MS	60000

const char *pv_find_library(void)
{
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash || slash + 1 + sizeof(LIBRARY) > path + sizeof(path))
		return NULL;
	strcpy(slash + 1, LIBRARY);
	return access(path, R_OK) ? NULL : path;
}

int pv_share(struct pv *pv)
{
	const size_t bytes = pv->nr_pfns * sizeof(*pv->table);
	void *table;

	pv->table_fd = memfd_create("xen-thaw-pv", MFD_CLOEXEC);
	if (pv->table_fd < 0 || ftruncate(pv->table_fd, bytes))
		return -1;
	pv->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pv->event_fd < 0)
		return -1;
	table = mmap(NULL, bytes, PROT_READ, MAP_SHARED, pv->table_fd, 0);
	if (table == MAP_FAILED)
		return -1;
	pv->table = table;
	return 0;
}

void pv_free(struct pv *pv)
{
	if (pv->table)
		munmap(pv->table, pv->nr_pfns * sizeof(*pv->table));
	if (pv->table_fd >= 0)
		close(pv->table_fd);
	if (pv->event_fd >= 0)
		close(pv->event_fd);
	memset(pv, 0, sizeof(*pv));
	pv->table_fd = -1;
	pv->event_fd = -1;
}

void pv_prepare_child(void *arg)
{
	const struct pv *pv = arg;
	const char *others = getenv("LD_PRELOAD");
	char fds[32], *list;

	fcntl(pv->table_fd, F_SETFD, 0);
	fcntl(pv->event_fd, F_SETFD, 0);
	snprintf(fds, sizeof(fds), "%d,%d", pv->table_fd, pv->event_fd);
	setenv("XEN_THAW_PV", fds, 1);
	/* Ours first: the library takes it off again. */
	if (asprintf(&list, "%s%s%s", pv_find_library(), others ? ":" : "",
		     others ? others : "") >= 0)
		setenv("LD_PRELOAD", list, 1);
}

/* Return: 0 after a report, -1 with errno set. */
static int wait_report(struct pv *pv, int patience_ms)
{
	struct pollfd p[] = {
		{ .fd = pv->event_fd, .events = POLLIN },
		{ .fd = stock_pidfd(), .events = POLLIN },
	};
	uint64_t reports;
	int n;

	/* A signal before poll() ends the child, which is seen there. */
	do
		n = poll(p, 2, patience_ms);
	while (n < 0 && errno == EINTR && !stock_interrupted);

	if (!stock_interrupted && n > 0 && read(pv->event_fd, &reports, 8) == 8)
		return 0;
	errno = stock_interrupted ? EINTR : n ? ESRCH : ETIMEDOUT;
	return -1;
}

bool pv_wait_hello(struct pv *pv)
{
	return !wait_report(pv, HELLO_MS);
}

/* Return: the first gfn of a range without an mfn, or one past the last. */
static uint64_t first_missing(const struct pv *pv,
			      const struct plan_range *range, uint64_t from)
{
	const volatile uint64_t *table = pv->table;

	while (from < range->gfn + range->nr && table[from])
		from++;
	return from;
}

int pv_wait_populated(struct pv *pv, const struct plan_range *range, size_t nr,
		      uint64_t *missing)
{
	for (; nr; nr--, range++) {
		uint64_t pfn = first_missing(pv, range, range->gfn);

		while (pfn < range->gfn + range->nr) {
			*missing = pfn;
			if (wait_report(pv, SILENCE_MS))
				return -1;
			pfn = first_missing(pv, range, pfn);
		}
	}
	return 0;
}
