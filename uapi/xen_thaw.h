/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * xen_thaw: fill the frames of a domain under construction from a file.
 *
 * /dev/xen/thaw takes the two ioctls below. Both take a pointer to a struct
 * whose first member, size, is sizeof() of that struct as the caller knows it:
 * a shorter one than the kernel's is taken as if the rest were zero, a longer
 * one is refused with E2BIG unless all that the kernel does not know is zero.
 *
 * Errors, of both calls:
 *
 * ======== ===================================================================
 * E2BIG    size is larger than the kernel's and the surplus is not zero, or it
 *          is above 4096
 * EFAULT   a pointer does not point to memory of the caller
 * EINVAL   size is below that of the struct's first version; an unknown flag or
 *          a non-zero reserved member; and for XEN_THAW_FILL those below
 * ENOTTY   not a call of this device
 * ======== ===================================================================
 *
 * Errors of XEN_THAW_FILL before the first frame is written:
 *
 * ======== ===================================================================
 * EINVAL   domid is 0, DOMID_SELF or another reserved id; nr_extents is 0 or
 *          above max_extents; first_ref and nr_refs leave the window; an
 *          extent of no frames, with an unknown flag, or a zero extent with an
 *          offset; window is not aligned to a grant entry
 * EBADF    fd is not open for reading
 * ENODEV   fd is neither a regular file nor a block device
 * EOVERFLOW an extent wraps round: offset + bytes, or frame + frames
 * ERANGE   an extent ends above the last frame that a version 1 grant entry can
 *          name (2^32 - 1)
 * ENODATA  an extent ends behind the end of the file (extent says which)
 * EBUSY    a window entry is in use: the domain is not a new one, or another
 *          fill has the same part of the window
 * EOPNOTSUPP XEN_THAW_FILL_DIRECT, and the file cannot be read directly: by its
 *          filesystem (tmpfs), or because it is encrypted or its data journalled
 * ENOMEM   no memory
 * ======== ===================================================================
 *
 * Errors of XEN_THAW_FILL that stop it part way. extent, extent_frames and
 * frames_done say exactly how far it came, and a caller may go on from there:
 *
 * ======== ===================================================================
 * EINTR    a signal is pending
 * ENODATA  the file became shorter while it was read
 * EFAULT   the window is not mapped any more, or not writable
 * EIO      Xen refused a copy: grant_status says why (GNTST_*, negative); or
 *          reading the file failed (grant_status is 0)
 * EOPNOTSUPP XEN_THAW_FILL_DIRECT, and the filesystem refuses to read directly
 *          at pages of 4096 bytes
 * other    what reading the file (read(2)) or the hypercall returned
 * ======== ===================================================================
 */
#ifndef _UAPI_XEN_THAW_H
#define _UAPI_XEN_THAW_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define XEN_THAW_DEVICE		"/dev/xen/thaw"

/* The contract's version: raised when a call is added. */
#define XEN_THAW_VERSION	1

#define XEN_THAW_IOC		0xC7

/**
 * struct xen_thaw_query - ioctl(XEN_THAW_QUERY)
 * @size: sizeof(struct xen_thaw_query); on return, the size that the kernel has
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

#define XEN_THAW_QUERY		_IO(XEN_THAW_IOC, 0)

/* The frames become zero; offset must be 0 and the file is not read. */
#define XEN_THAW_EXTENT_ZERO	0x1U

/**
 * struct xen_thaw_extent - one run of bytes of the file and of guest frames
 * @offset: first byte in the file, any alignment
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
 * Read the file past the page cache (O_DIRECT, whether it was opened so or
 * not), ahead into up to 4 MiB of memory. Reads begin and end at multiples of
 * 4096 bytes around the extents, whose offsets may have any alignment, and may
 * take in gaps between extents. What the page cache has of the file is neither
 * used nor dropped; where it is newer than the disk it is written out first.
 */
#define XEN_THAW_FILL_DIRECT	0x1U

/**
 * struct xen_thaw_fill - ioctl(XEN_THAW_FILL)
 * @size: sizeof(struct xen_thaw_fill)
 * @flags: XEN_THAW_FILL_*
 * @fd: a regular file or block device, open for reading; its offset is neither
 *	used nor moved
 * @domid: the domain to be filled, not yet started
 * @reserved: must be 0
 * @extents: pointer to struct xen_thaw_extent[@nr_extents]; filled in this
 *	order, so that of two extents with the same frame the later one wins
 * @nr_extents: 1 to xen_thaw_query.max_extents
 * @first_ref: first grant ref of the caller's part of the window
 * @window: pointer to a writable mapping of the domain's grant table frame 0
 *	(XENMEM_acquire_resource, XENMEM_resource_grant_table_id_shared); the
 *	entries @first_ref to @first_ref + @nr_refs - 1 must be unused, belong to
 *	this call while it runs, and are zero again when it returns
 * @nr_refs: grant refs in the caller's part of the window, at least 1
 * @extent: out: index of the first extent that is not complete (the one that
 *	failed, if one did); @nr_extents on success
 * @extent_frames: out: frames done in that extent
 * @grant_status: out: GNTST_* of the copy that Xen refused, else 0
 * @frames_done: out: frames complete, in all
 * @hypercalls: out: grant copy hypercalls made
 * @copy_ops: out: copy operations in them
 *
 * The out members are written whenever the errno is one of those that stop a
 * fill part way, on success, and with ENODATA and EBUSY; with any other error
 * they are left alone (also with EOPNOTSUPP before the first frame).
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
};

#define XEN_THAW_FILL		_IO(XEN_THAW_IOC, 1)

#endif /* _UAPI_XEN_THAW_H */
