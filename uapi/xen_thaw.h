/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * xen_thaw: fill the frames of a domain under construction from a file.
 *
 * /dev/xen/thaw takes the two ioctls below. Both take a pointer to a struct.
 * Its first member, size, is sizeof() of the struct that the caller was built
 * with. If the kernel's struct is longer, the kernel takes the missing members
 * as zero. If the kernel's struct is shorter, the surplus must be zero: else
 * the call fails with E2BIG.
 *
 * Errors of both calls:
 *
 * ======== ===================================================================
 * E2BIG    size is above the kernel's and the surplus is not zero, or size is
 *          above 4096
 * EFAULT   a pointer does not point to memory of the caller
 * EINVAL   size is below that of the struct's first version; a flag is unknown;
 *          a reserved member is not zero; for XEN_THAW_FILL also those below
 * ENOTTY   the device has no such call
 * ======== ===================================================================
 *
 * Errors of XEN_THAW_FILL before the first frame is written:
 *
 * ======== ===================================================================
 * EINVAL   domid is 0, DOMID_SELF or another reserved id; nr_extents is 0 or
 *          above max_extents; first_ref and nr_refs leave the window; an extent
 *          has no frames, or an unknown flag; a zero extent has an offset, or
 *          is to skip zeros; window is not aligned to a grant entry
 * EBADF    fd is not open for reading
 * ENODEV   fd is neither a regular file nor a block device
 * EOVERFLOW offset + bytes or frame + frames of an extent wraps round
 * ERANGE   an extent ends above the last frame that a version 1 grant entry can
 *          name (2^32 - 1)
 * ENODATA  an extent ends beyond the end of the file (extent says which)
 * EBUSY    a window entry is in use: the domain is not new, or another fill
 *          uses the same part of the window
 * EOPNOTSUPP XEN_THAW_FILL_DIRECT is set, but the file cannot be read directly:
 *          its filesystem does not do it (tmpfs), or the file is encrypted, or
 *          its data is journalled
 * ENOMEM   there is not enough memory
 * ======== ===================================================================
 *
 * Errors that stop XEN_THAW_FILL part way. extent, extent_frames and
 * frames_done say exactly how far it came; the caller may go on from there:
 *
 * ======== ===================================================================
 * EINTR    a signal is pending
 * ENODATA  the file became shorter while it was read
 * EFAULT   the window is no longer mapped, or is not writable
 * EIO      Xen refused a copy: grant_status says why (GNTST_*, negative); or
 *          reading the file failed (grant_status is 0)
 * EOPNOTSUPP XEN_THAW_FILL_DIRECT is set, but the filesystem refuses direct
 *          reads at multiples of 4096 bytes
 * other    error from reading the file (read(2)) or from the hypercall
 * ======== ===================================================================
 */
#ifndef _UAPI_XEN_THAW_H
#define _UAPI_XEN_THAW_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define XEN_THAW_DEVICE		"/dev/xen/thaw"

/* Version of this contract. It is raised when a call is added. */
#define XEN_THAW_VERSION	1

#define XEN_THAW_IOC		0xC7

/**
 * struct xen_thaw_query - ioctl(XEN_THAW_QUERY)
 * @size: sizeof(struct xen_thaw_query); on return, the kernel's size of it
 * @flags: must be 0
 * @version: out: XEN_THAW_VERSION of the module
 * @max_extents: out: highest nr_extents of one fill
 * @features: out: XEN_THAW_FEATURE_*
 * @first_ref: out: lowest grant ref that a window may hold
 * @end_ref: out: one above the highest grant ref that a window may hold
 */
struct xen_thaw_query {
	__u32 size;
	__u32 flags;
	__u32 version;
	__u32 max_extents;
	__aligned_u64 features;
	__u32 first_ref;
	__u32 end_ref;
};

/* Extents may carry XEN_THAW_EXTENT_ZERO. */
#define XEN_THAW_FEATURE_ZERO	0x1ULL

/* Fills may carry XEN_THAW_FILL_DIRECT. */
#define XEN_THAW_FEATURE_DIRECT	0x2ULL

/* Extents may carry XEN_THAW_EXTENT_SKIP_ZERO. */
#define XEN_THAW_FEATURE_SKIP_ZERO	0x4ULL

#define XEN_THAW_QUERY		_IO(XEN_THAW_IOC, 0)

/* Fill the frames with zeros: offset must be 0, and the file is not read. */
#define XEN_THAW_EXTENT_ZERO	0x1U

/*
 * The frames are zero already, the caller says: those whose bytes in the file are
 * all zero are left alone, and count as complete.
 */
#define XEN_THAW_EXTENT_SKIP_ZERO	0x2U

/**
 * struct xen_thaw_extent - a run of bytes in the file, and its guest frames
 * @offset: first byte in the file, at any alignment
 * @frame: first frame: a gfn of a PVH or HVM domain, an mfn of a PV domain
 * @nr_frames: frames of 4096 bytes, at least 1
 * @flags: XEN_THAW_EXTENT_*
 */
struct xen_thaw_extent {
	__aligned_u64 offset;
	__aligned_u64 frame;
	__u32 nr_frames;
	__u32 flags;
};

/*
 * Read the file past the page cache, as O_DIRECT does; fd need not be open for
 * direct reads. The module reads ahead into up to 4 MiB of memory. Reads begin
 * and end at multiples of 4096 bytes around the extents, and may include gaps
 * between extents. Offsets of extents may still have any alignment. Pages of
 * the file in the page cache are neither used nor dropped; dirty ones are
 * written out first.
 */
#define XEN_THAW_FILL_DIRECT	0x1U

/**
 * struct xen_thaw_fill - ioctl(XEN_THAW_FILL)
 * @size: sizeof(struct xen_thaw_fill)
 * @flags: XEN_THAW_FILL_*
 * @fd: a regular file or block device, open for reading; its file offset is
 *	neither used nor moved
 * @domid: the domain to fill; it must not have started yet
 * @reserved: must be 0
 * @extents: pointer to struct xen_thaw_extent[@nr_extents]; they are filled in
 *	this order: if two extents name the same frame, the later one wins
 * @nr_extents: 1 to xen_thaw_query.max_extents
 * @first_ref: first grant ref of the caller's part of the window
 * @window: pointer to a writable mapping of the domain's grant table frame 0
 *	(XENMEM_acquire_resource, XENMEM_resource_grant_table_id_shared); the
 *	entries @first_ref to @first_ref + @nr_refs - 1 must be unused, belong to
 *	this call while it runs, and are zero again when it returns
 * @nr_refs: grant refs in the caller's part of the window, at least 1
 * @extent: out: index of the first extent that is not complete (after an error
 *	in an extent, of that one); @nr_extents on success
 * @extent_frames: out: complete frames of that extent
 * @grant_status: out: GNTST_* of the copy that Xen refused, else 0
 * @frames_done: out: complete frames of all extents
 * @hypercalls: out: number of grant copy hypercalls
 * @copy_ops: out: number of copy operations in those hypercalls
 * @frames_skipped: out: number of frames in @frames_done that were left alone
 *	(XEN_THAW_EXTENT_SKIP_ZERO)
 *
 * The out members are written on success, after an error that stops the fill
 * part way, and with ENODATA and EBUSY. After any other error before the first
 * frame, EOPNOTSUPP included, they are left as they were.
 */
struct xen_thaw_fill {
	__u32 size;
	__u32 flags;
	__s32 fd;
	__u16 domid;
	__u16 reserved;
	__aligned_u64 extents;
	__u32 nr_extents;
	__u32 first_ref;
	__aligned_u64 window;
	__u32 nr_refs;
	__u32 extent;
	__u32 extent_frames;
	__s32 grant_status;
	__aligned_u64 frames_done;
	__aligned_u64 hypercalls;
	__aligned_u64 copy_ops;
	__aligned_u64 frames_skipped;
};

#define XEN_THAW_FILL		_IO(XEN_THAW_IOC, 1)

#endif /* _UAPI_XEN_THAW_H */
