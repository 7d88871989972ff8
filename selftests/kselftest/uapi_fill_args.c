// SPDX-License-Identifier: GPL-2.0
/* XEN_THAW_FILL: structs that it refuses, and structs that it must not refuse. */

#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <xenctrl.h>

#include "fill_call.h"
#include "thaw_test.h"

/* The size of the struct's first version is a part of the contract. */
#define FILL_SIZE_V1	80

FIXTURE(fill_args) {
	int dev;
	struct fill_call call;
	struct xen_thaw_fill *args;
};

FIXTURE_SETUP(fill_args)
{
	OPEN_THAW(self->dev);
	ASSERT_EQ(0, fill_call_init(&self->call, self->dev));
	self->args = &self->call.args;
	/* If the base call were refused, the tests below would prove nothing. */
	ASSERT_TRUE(fill_accepted(&self->call));
}

FIXTURE_TEARDOWN(fill_args)
{
	fill_call_free(&self->call);
	close(self->dev);
}

TEST_F(fill_args, size_zero)
{
	self->args->size = 0;
	EXPECT_EQ(EINVAL, fill_refused(&self->call));
}

TEST_F(fill_args, size_one_less)
{
	self->args->size = FILL_SIZE_V1 - 1;
	EXPECT_EQ(EINVAL, fill_refused(&self->call));
}

TEST_F(fill_args, size_first_version)
{
	self->args->size = FILL_SIZE_V1;
	EXPECT_TRUE(fill_accepted(&self->call));
}

TEST_F(fill_args, size_one_more_zero)
{
	self->args->size++;
	EXPECT_TRUE(fill_accepted(&self->call));
	EXPECT_EQ(0, self->call.surplus[0]);
}

TEST_F(fill_args, size_one_more_set)
{
	self->args->size++;
	self->call.surplus[0] = 1;
	EXPECT_EQ(E2BIG, fill_refused(&self->call));
}

TEST_F(fill_args, size_more_last_byte_set)
{
	self->args->size += sizeof(self->call.surplus);
	EXPECT_TRUE(fill_accepted(&self->call));
	self->call.surplus[sizeof(self->call.surplus) - 1] = 0x80;
	EXPECT_EQ(E2BIG, fill_refused(&self->call));
}

TEST_F(fill_args, size_above_page)
{
	self->args->size = THAW_PAGE_SIZE + 1;
	EXPECT_EQ(E2BIG, fill_refused(&self->call));
	self->args->size = ~0U;
	EXPECT_EQ(E2BIG, fill_refused(&self->call));
}

TEST_F(fill_args, flags)
{
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		if (1U << bit == XEN_THAW_FILL_DIRECT)
			continue;
		self->args->flags = 1U << bit;
		EXPECT_EQ(EINVAL, fill_refused(&self->call));
	}
}

TEST_F(fill_args, reserved)
{
	unsigned int bit;

	for (bit = 0; bit < 16; bit++) {
		self->args->reserved = 1U << bit;
		EXPECT_EQ(EINVAL, fill_refused(&self->call));
	}
}

TEST_F(fill_args, domid_dom0)
{
	self->args->domid = 0;
	EXPECT_EQ(EINVAL, fill_refused(&self->call));
}

TEST_F(fill_args, domid_self)
{
	self->args->domid = 0x7FF0;
	EXPECT_EQ(EINVAL, fill_refused(&self->call));
}

/* DOMID_IO, _XEN, _COW, _INVALID, _IDLE, and ids without a name. */
TEST_F(fill_args, domid_reserved)
{
	unsigned int domid;

	for (domid = 0x7FF1; domid <= 0x7FFF; domid++) {
		self->args->domid = domid;
		EXPECT_EQ(EINVAL, fill_refused(&self->call));
	}
	/* These have more bits than an id. */
	for (domid = 0x8000; domid <= 0xFFFF; domid += 0x101) {
		self->args->domid = domid;
		EXPECT_EQ(EINVAL, fill_refused(&self->call));
	}
	self->args->domid = 0xFFFF;
	EXPECT_EQ(EINVAL, fill_refused(&self->call));
}

TEST_F(fill_args, nr_extents_zero)
{
	self->args->nr_extents = 0;
	EXPECT_EQ(EINVAL, fill_refused(&self->call));
}

TEST_F(fill_args, nr_extents_above_max)
{
	struct xen_thaw_query query = { .size = sizeof(query) };
	struct xen_thaw_extent *extents;
	unsigned int i;

	ASSERT_EQ(0, thaw_ioctl(self->dev, XEN_THAW_QUERY, &query));
	extents = calloc(query.max_extents + 1, sizeof(*extents));
	ASSERT_NE(NULL, extents);
	for (i = 0; i <= query.max_extents; i++)
		extents[i] = self->call.extents[0];
	self->args->extents = (uintptr_t)extents;

	self->args->nr_extents = query.max_extents;
	EXPECT_TRUE(fill_accepted(&self->call));
	self->args->nr_extents = query.max_extents + 1;
	EXPECT_EQ(EINVAL, fill_refused(&self->call));
	self->args->nr_extents = ~0U;
	EXPECT_EQ(EINVAL, fill_refused(&self->call));
	free(extents);
}

TEST_F(fill_args, first_ref_reserved)
{
	for (self->args->first_ref = 0; self->args->first_ref < 8; self->args->first_ref++)
		EXPECT_EQ(EINVAL, fill_refused(&self->call));
}

TEST_F(fill_args, first_ref_beyond_window)
{
	self->args->nr_refs = 1;
	self->args->first_ref = GRANT_ENTRIES;
	EXPECT_EQ(EINVAL, fill_refused(&self->call));
	self->args->first_ref = ~0U;
	EXPECT_EQ(EINVAL, fill_refused(&self->call));
}

TEST_F(fill_args, nr_refs_zero)
{
	self->args->nr_refs = 0;
	EXPECT_EQ(EINVAL, fill_refused(&self->call));
	self->args->first_ref = GRANT_ENTRIES;
	EXPECT_EQ(EINVAL, fill_refused(&self->call));
}

TEST_F(fill_args, nr_refs_beyond_window)
{
	self->args->nr_refs = GRANT_ENTRIES - 8 + 1;
	EXPECT_EQ(EINVAL, fill_refused(&self->call));
	self->args->nr_refs = ~0U - 7;	/* first_ref + nr_refs is 0 */
	EXPECT_EQ(EINVAL, fill_refused(&self->call));
	self->args->first_ref = GRANT_ENTRIES - 1;
	self->args->nr_refs = 2;
	EXPECT_EQ(EINVAL, fill_refused(&self->call));
}

TEST_F(fill_args, whole_window_and_last_entry)
{
	self->args->nr_refs = GRANT_ENTRIES - 8;
	EXPECT_TRUE(fill_accepted(&self->call));
	self->args->first_ref = GRANT_ENTRIES - 1;
	self->args->nr_refs = 1;
	EXPECT_TRUE(fill_accepted(&self->call));
}

TEST_F(fill_args, window_misaligned)
{
	unsigned int by;

	for (by = 1; by < 8; by++) {
		self->args->window = (uintptr_t)self->call.window + by;
		EXPECT_EQ(EINVAL, fill_refused(&self->call));
	}
	self->args->window = (uintptr_t)self->call.window + 8;
	EXPECT_TRUE(fill_accepted(&self->call));
}

TEST_F(fill_args, window_bad_pointer)
{
	self->args->window = 0;
	EXPECT_EQ(EFAULT, fill_refused(&self->call));
	self->args->window = 0xffff888000000000UL;
	EXPECT_EQ(EFAULT, fill_refused(&self->call));
	self->args->window = ~7UL;
	EXPECT_EQ(EFAULT, fill_refused(&self->call));
	/* The last entry of the window is after the end of the page. */
	self->args->window = (uintptr_t)self->call.window + 8;
	self->args->nr_refs = GRANT_ENTRIES - 8;
	EXPECT_EQ(EFAULT, fill_refused(&self->call));
}

/* Only the first batch finds this out. */
TEST_F(fill_args, window_read_only)
{
	ASSERT_EQ(0, mprotect(self->call.window, THAW_PAGE_SIZE, PROT_READ));
	EXPECT_EQ(EFAULT, fill_refused_at(&self->call, 0));
}

TEST_F(fill_args, window_entry_in_use)
{
	unsigned char *entries = self->call.window;
	unsigned int byte;

	for (byte = 8 * 8; byte < 16 * 8; byte++) {
		entries[byte] = 1;
		EXPECT_EQ(EBUSY, fill_refused_at(&self->call, 0));
		EXPECT_EQ(1, entries[byte]);
		entries[byte] = 0;
	}
}

TEST_F(fill_args, window_entries_of_others)
{
	unsigned char *entries = self->call.window;

	/* Reserved entries and those of others are neither checked nor cleared. */
	memset(entries, 0x5a, 8 * 8);
	memset(entries + 16 * 8, 0x5a, THAW_PAGE_SIZE - 16 * 8);
	EXPECT_EQ(EIO, thaw_ioctl(self->dev, XEN_THAW_FILL, self->args));
	EXPECT_EQ(GNTST_bad_domain, self->args->grant_status);
	EXPECT_EQ(0x5a, entries[8 * 8 - 1]);
	EXPECT_EQ(0, entries[8 * 8]);
	EXPECT_EQ(0, entries[16 * 8 - 1]);
	EXPECT_EQ(0x5a, entries[16 * 8]);
}

TEST_F(fill_args, struct_bad_pointer)
{
	char *end = (char *)self->call.window + THAW_PAGE_SIZE;

	EXPECT_EQ(EFAULT, thaw_ioctl(self->dev, XEN_THAW_FILL, NULL));
	EXPECT_EQ(EFAULT, thaw_ioctl(self->dev, XEN_THAW_FILL,
				     (void *)0xffff888000000000UL));
	/* Its first member is accessible, the last is not. */
	memcpy(end - 8, self->args, 8);
	EXPECT_EQ(EFAULT, thaw_ioctl(self->dev, XEN_THAW_FILL, end - 8));
}

TEST_F(fill_args, struct_read_only)
{
	void *page;

	page = mmap(NULL, THAW_PAGE_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, page);
	memcpy(page, self->args, sizeof(*self->args));
	ASSERT_EQ(0, mprotect(page, THAW_PAGE_SIZE, PROT_READ));
	EXPECT_EQ(EFAULT, thaw_ioctl(self->dev, XEN_THAW_FILL, page));
}

TEST_F(fill_args, fd_not_open)
{
	self->args->fd = -1;
	EXPECT_EQ(EBADF, fill_refused(&self->call));
	self->args->fd = dup(self->call.file);
	close(self->args->fd);
	EXPECT_EQ(EBADF, fill_refused(&self->call));
}

static int reopen(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}

TEST_F(fill_args, fd_write_only)
{
	self->args->fd = reopen(self->call.file, O_WRONLY);
	ASSERT_GE(self->args->fd, 0);
	EXPECT_EQ(EBADF, fill_refused(&self->call));
	close(self->args->fd);
}

TEST_F(fill_args, fd_path_only)
{
	self->args->fd = reopen(self->call.file, O_PATH);
	ASSERT_GE(self->args->fd, 0);
	EXPECT_EQ(EBADF, fill_refused(&self->call));
	close(self->args->fd);
}

TEST_F(fill_args, fd_read_only_or_both)
{
	self->args->fd = reopen(self->call.file, O_RDONLY);
	ASSERT_GE(self->args->fd, 0);
	EXPECT_TRUE(fill_accepted(&self->call));
	close(self->args->fd);
	self->args->fd = reopen(self->call.file, O_RDWR);
	ASSERT_GE(self->args->fd, 0);
	EXPECT_TRUE(fill_accepted(&self->call));
	close(self->args->fd);
}

TEST_F(fill_args, fd_pipe)
{
	int fds[2];

	ASSERT_EQ(0, pipe(fds));
	self->args->fd = fds[0];
	EXPECT_EQ(ENODEV, fill_refused(&self->call));
	close(fds[0]);
	close(fds[1]);
}

TEST_F(fill_args, fd_socket)
{
	int fds[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	self->args->fd = fds[0];
	EXPECT_EQ(ENODEV, fill_refused(&self->call));
	close(fds[0]);
	close(fds[1]);
}

TEST_F(fill_args, fd_of_other_kinds)
{
	static const char * const paths[] = {
		"/", "/dev/null", "/dev/zero", XEN_THAW_DEVICE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		self->args->fd = open(paths[i], O_RDONLY | O_CLOEXEC);
		ASSERT_GE(self->args->fd, 0);
		EXPECT_EQ(ENODEV, fill_refused(&self->call)) {
			TH_LOG("%s", paths[i]);
		}
		close(self->args->fd);
	}
	self->args->fd = eventfd(0, EFD_CLOEXEC);
	ASSERT_GE(self->args->fd, 0);
	EXPECT_EQ(ENODEV, fill_refused(&self->call));
	close(self->args->fd);
}

TEST_HARNESS_MAIN
