// SPDX-License-Identifier: GPL-2.0
/*
 * XEN_THAW_FILL from a block device with sectors that cannot be read. It is made by the
 * device mapper's error target, on the RAM disk that THAW_RAMDISK names.
 */

#include <linux/dm-ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "list.h"
#include "thaw_test.h"

#define NR		2048U
#define SECTORS_A_PAGE	8
/* The page that cannot be read. */
#define BAD_PAGE	1000U
#define DM_NAME		"xen-thaw-test"

FIXTURE(read_error) {
	int dev;
	int control;
	struct domain d;
	struct image img;
	struct list l;
};

struct dm_table {
	struct dm_ioctl head;
	struct {
		struct dm_target_spec spec;
		char params[64];
	} targets[3];
};

static int dm_call(int control, unsigned long call, struct dm_table *t)
{
	t->head.version[0] = DM_VERSION_MAJOR;
	t->head.data_size = sizeof(*t);
	t->head.data_start = sizeof(t->head);
	strcpy(t->head.name, DM_NAME);
	return ioctl(control, call, t);
}

static void dm_remove(int control)
{
	struct dm_table t = { 0 };

	dm_call(control, DM_DEV_REMOVE, &t);
}

static void dm_target(struct dm_table *t, unsigned int first_page, unsigned int nr_pages,
		      const char *type, const char *disk)
{
	const unsigned int i = t->head.target_count++;
	struct dm_target_spec *spec = &t->targets[i].spec;

	spec->sector_start = first_page * SECTORS_A_PAGE;
	spec->length = nr_pages * SECTORS_A_PAGE;
	spec->next = sizeof(t->targets[i]);
	strcpy(spec->target_type, type);
	snprintf(t->targets[i].params, sizeof(t->targets[i].params), "%s %u", disk,
		 first_page * SECTORS_A_PAGE);
}

/* Makes a disk with a bad page. Return: an fd, or -1. */
static int dm_create(int control, const char *disk)
{
	struct dm_table t = { 0 };
	char node[64];
	int fd;

	if (dm_call(control, DM_DEV_CREATE, &t))
		return -1;
	snprintf(node, sizeof(node), "/dev/mapper/%s", DM_NAME);
	unlink(node);
	if (mknod(node, S_IFBLK | 0600, t.head.dev))
		return -1;

	memset(&t, 0, sizeof(t));
	dm_target(&t, 0, BAD_PAGE, "linear", disk);
	dm_target(&t, BAD_PAGE, 1, "error", disk);
	dm_target(&t, BAD_PAGE + 1, NR - BAD_PAGE - 1, "linear", disk);
	if (dm_call(control, DM_TABLE_LOAD, &t))
		return -1;

	memset(&t, 0, sizeof(t));
	if (dm_call(control, DM_DEV_SUSPEND, &t))	/* without the flag: resume */
		return -1;
	fd = open(node, O_RDONLY | O_CLOEXEC);
	unlink(node);
	return fd;
}

FIXTURE_VARIANT(read_error) {
	bool direct;
};

FIXTURE_VARIANT_ADD(read_error, cached) { .direct = false };
FIXTURE_VARIANT_ADD(read_error, direct) { .direct = true };

FIXTURE_SETUP(read_error)
{
	const char *disk = getenv("THAW_RAMDISK");

	if (!disk)
		SKIP(return, "THAW_RAMDISK is not set");
	self->control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	if (self->control < 0)
		SKIP(return, "no device mapper: modprobe dm-mod");
	OPEN_THAW(self->dev);
	ASSERT_EQ(0, domain_create(&self->d, DOMAIN_PVH, NR));
	ASSERT_EQ(0, image_create(&self->img, disk, NR * THAW_PAGE_SIZE));
	self->img.direct = variant->direct;
	ASSERT_EQ(0, fsync(self->img.fd));
	close(self->img.fd);
	dm_remove(self->control);
	self->img.fd = dm_create(self->control, disk);
	ASSERT_GE(self->img.fd, 0);
	list_init(&self->l, self->dev, &self->d, &self->img);
}

FIXTURE_TEARDOWN(read_error)
{
	list_free(&self->l);
	image_free(&self->img);
	dm_remove(self->control);
	domain_destroy(&self->d);
	close(self->control);
	close(self->dev);
}

TEST_F(read_error, all_that_can_be_read)
{
	list_add(&self->l, 0, 0, BAD_PAGE);
	EXPECT_TRUE(list_fill_right(&self->l));
}

/* The fill stops at the bad page, at any alignment; the rest can be filled. */
TEST_F(read_error, place_is_exact)
{
	static const unsigned int offsets[] = { 0, 8, 4095 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		const unsigned int whole = BAD_PAGE - !!offsets[i];

		domain_reset(&self->d);
		list_add_zero(&self->l, 2000, 10);
		list_add(&self->l, offsets[i], 0, whole);
		self->l.extents[1].nr_frames += 500;
		EXPECT_EQ(EIO, list_fill(&self->l, FIRST_REF, ALL_REFS));
		EXPECT_EQ(0, self->l.args.grant_status);
		EXPECT_EQ(1, self->l.args.extent);
		EXPECT_EQ(whole, self->l.args.extent_frames);
		EXPECT_EQ(10 + whole, self->l.args.frames_done);
		EXPECT_TRUE(window_is_clear(&self->d, FIRST_REF, ALL_REFS));
		EXPECT_TRUE(domain_range_matches(&self->d, 0, whole));
		EXPECT_TRUE(domain_range_matches(&self->d, BAD_PAGE + 1, NR - BAD_PAGE - 1));
		list_clear(&self->l);
	}
}

TEST_F(read_error, bad_from_the_start)
{
	list_add_raw(&self->l, BAD_PAGE * THAW_PAGE_SIZE + 8, self->d.frames[0], 20);
	EXPECT_EQ(EIO, list_fill(&self->l, FIRST_REF, ALL_REFS));
	EXPECT_EQ(0, self->l.args.grant_status);
	EXPECT_EQ(0, self->l.args.extent);
	EXPECT_EQ(0, self->l.args.frames_done);
	EXPECT_TRUE(domain_matches(&self->d));
}

/* Bytes that no extent names need not be readable, even if they are read ahead. */
TEST_F(read_error, bad_in_a_gap)
{
	list_add(&self->l, (BAD_PAGE - 10) * THAW_PAGE_SIZE, 0, 10);
	list_add(&self->l, (BAD_PAGE + 1) * THAW_PAGE_SIZE + 8, 10, 500);
	list_add(&self->l, (BAD_PAGE - 20) * THAW_PAGE_SIZE + 8, 510, 19);
	list_add_zero(&self->l, 529, 3);
	list_add(&self->l, (BAD_PAGE + 2) * THAW_PAGE_SIZE - 1, 532, 2);
	EXPECT_TRUE(list_fill_right(&self->l));
}

TEST_HARNESS_MAIN
