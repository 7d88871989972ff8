// SPDX-License-Identifier: GPL-2.0

/* xen-compat.h: without it, the handle types of Xen 3.2. */
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__

#include <xencall.h>
#include <xen/xen.h>

#include "clear.h"

/* What the populator's page of frame numbers has room for. */
#define OPS_PER_CALL	(FRAMES_PER_CALL * sizeof(uint64_t) / sizeof(mmuext_op_t))

static int flush(struct populator *p, unsigned int *nr)
{
	int ret = 0;

	if (*nr)
		ret = xencall4(p->xcall, __HYPERVISOR_mmuext_op,
			       (uintptr_t)p->frames, *nr, 0, p->domid);
	*nr = 0;
	return ret < 0 ? -1 : 0;
}

int clear_frames(struct populator *p, const struct plan_fill *runs, size_t nr)
{
	mmuext_op_t *ops = (mmuext_op_t *)p->frames;
	const struct plan_fill *r;
	unsigned int used = 0;

	for (r = runs; r < runs + nr; r++) {
		uint32_t i;

		for (i = 0; i < r->nr; i++) {
			if (used == OPS_PER_CALL && flush(p, &used))
				return -1;
			ops[used++] = (mmuext_op_t){
				.cmd = MMUEXT_CLEAR_PAGE,
				.arg1.mfn = r->gfn + i,
			};
		}
	}
	return flush(p, &used);
}
