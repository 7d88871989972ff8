/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM xen_thaw

#if !defined(XEN_THAW_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define XEN_THAW_TRACE_H

#include <linux/tracepoint.h>

#include "thaw.h"

TRACE_EVENT(xen_thaw_begin,
	TP_PROTO(const struct xen_thaw_fill *args),
	TP_ARGS(args),
	TP_STRUCT__entry(
		__field(u16, domid)
		__field(u32, nr_extents)
		__field(u32, first_ref)
		__field(u32, nr_refs)
	),
	TP_fast_assign(
		__entry->domid = args->domid;
		__entry->nr_extents = args->nr_extents;
		__entry->first_ref = args->first_ref;
		__entry->nr_refs = args->nr_refs;
	),
	TP_printk("domid=%u extents=%u first_ref=%u refs=%u", __entry->domid,
		  __entry->nr_extents, __entry->first_ref, __entry->nr_refs)
);

TRACE_EVENT(xen_thaw_batch,
	TP_PROTO(u16 domid, u32 frames, u32 ops, int grant_status, int err),
	TP_ARGS(domid, frames, ops, grant_status, err),
	TP_STRUCT__entry(
		__field(u16, domid)
		__field(u32, frames)
		__field(u32, ops)
		__field(int, grant_status)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->domid = domid;
		__entry->frames = frames;
		__entry->ops = ops;
		__entry->grant_status = grant_status;
		__entry->err = err;
	),
	TP_printk("domid=%u frames=%u ops=%u grant_status=%d err=%d",
		  __entry->domid, __entry->frames, __entry->ops,
		  __entry->grant_status, __entry->err)
);

TRACE_EVENT(xen_thaw_end,
	TP_PROTO(const struct thaw_work *work, int err),
	TP_ARGS(work, err),
	TP_STRUCT__entry(
		__field(u16, domid)
		__field(u64, frames_done)
		__field(u64, hypercalls)
		__field(u64, copy_ops)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->domid = work->batch.domid;
		__entry->frames_done = work->frames_done;
		__entry->hypercalls = work->batch.hypercalls;
		__entry->copy_ops = work->batch.copy_ops;
		__entry->err = err;
	),
	TP_printk("domid=%u frames=%llu hypercalls=%llu ops=%llu err=%d",
		  __entry->domid, __entry->frames_done, __entry->hypercalls,
		  __entry->copy_ops, __entry->err)
);

#endif /* XEN_THAW_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
