// SPDX-License-Identifier: GPL-2.0
/*
 * The device: its ioctls, the sizes of their structs, who may load and open it.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <xen/xen.h>

#include "thaw.h"

/* Size of each struct's first version: the least that a caller may pass. */
#define THAW_QUERY_SIZE_V1	offsetofend(struct xen_thaw_query, end_ref)
#define THAW_FILL_SIZE_V1	offsetofend(struct xen_thaw_fill, copy_ops)

/* Reads a struct that begins with its own size. */
static int thaw_get_args(void *args, size_t ksize, size_t min_size,
			 const void __user *uargs)
{
	u32 usize;

	if (get_user(usize, (const u32 __user *)uargs))
		return -EFAULT;
	if (usize < min_size)
		return -EINVAL;
	/* Same limit as openat2(): all of the surplus is checked for zeros. */
	if (usize > PAGE_SIZE)
		return -E2BIG;
	return copy_struct_from_user(args, ksize, uargs, usize);
}

static long thaw_ioctl_query(void __user *uargs)
{
	struct xen_thaw_query query;
	size_t usize;
	int err;

	err = thaw_get_args(&query, sizeof(query), THAW_QUERY_SIZE_V1, uargs);
	if (err)
		return err;
	if (query.flags)
		return -EINVAL;

	usize = min_t(size_t, query.size, sizeof(query));
	query = (struct xen_thaw_query) {
		.size = sizeof(query),
		.version = XEN_THAW_VERSION,
		.max_extents = THAW_MAX_EXTENTS,
		.features = XEN_THAW_FEATURE_ZERO | XEN_THAW_FEATURE_DIRECT |
			    XEN_THAW_FEATURE_SKIP_ZERO,
		.first_ref = THAW_FIRST_REF,
		.end_ref = THAW_END_REF,
	};
	return copy_to_user(uargs, &query, usize) ? -EFAULT : 0;
}

static long thaw_ioctl_fill(void __user *uargs)
{
	struct xen_thaw_fill fill;
	int err;

	err = thaw_get_args(&fill, sizeof(fill), THAW_FILL_SIZE_V1, uargs);
	if (err)
		return err;

	err = thaw_fill(&fill);
	if (copy_to_user(uargs, &fill, min_t(size_t, fill.size, sizeof(fill))))
		return -EFAULT;
	return err;
}

static long thaw_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *uargs = (void __user *)arg;

	switch (cmd) {
	case XEN_THAW_QUERY:
		return thaw_ioctl_query(uargs);
	case XEN_THAW_FILL:
		return thaw_ioctl_fill(uargs);
	default:
		return -ENOTTY;
	}
}

static int thaw_open(struct inode *inode, struct file *file)
{
	/* Whoever writes a domain's memory owns it: a file mode is too weak. */
	return capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

static const struct file_operations thaw_fops = {
	.owner = THIS_MODULE,
	.open = thaw_open,
	.unlocked_ioctl = thaw_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice thaw_miscdev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "xen/thaw",
	.mode = 0600,
	.fops = &thaw_fops,
};

static int __init thaw_init(void)
{
	int err;

	if (!xen_domain()) {
		pr_err("not running on Xen: boot this kernel as dom0\n");
		return -ENODEV;
	}
	if (!xen_initial_domain()) {
		pr_err("running in a guest: load this module in dom0\n");
		return -ENODEV;
	}

	err = misc_register(&thaw_miscdev);
	if (err)
		pr_err("cannot register " XEN_THAW_DEVICE ": %d\n", err);
	return err;
}
module_init(thaw_init);

static void __exit thaw_exit(void)
{
	misc_deregister(&thaw_miscdev);
}
module_exit(thaw_exit);

MODULE_DESCRIPTION("Fill the frames of Xen domains from files in the page cache");
MODULE_AUTHOR("The xen-thaw developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(XEN_THAW_MODULE_VERSION);
