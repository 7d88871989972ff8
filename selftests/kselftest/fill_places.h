/* SPDX-License-Identifier: GPL-2.0 */
/* The fixture of tests that fill a domain from a cached image, and from one past the cache. */
#ifndef FILL_PLACES_H
#define FILL_PLACES_H

#include "list.h"
#include "thaw_test.h"

#define NR		8192U
#define IMAGE_SIZE	((NR + 1) * THAW_PAGE_SIZE)

FIXTURE(fill) {
	int dev;
	struct domain d;
	struct image img;
	struct list l;
};

/* The place of the image, and whether it is read past the page cache. */
FIXTURE_VARIANT(fill) {
	const char *where;
	bool direct;
};

FIXTURE_VARIANT_ADD(fill, cached) { .where = NULL };
FIXTURE_VARIANT_ADD(fill, direct) { .where = "THAW_EXT4", .direct = true };

static int make_image(FIXTURE_DATA(fill) *self, const FIXTURE_VARIANT(fill) *variant)
{
	const char *where = variant->where ? getenv(variant->where) : NULL;

	if (image_create(&self->img, where, IMAGE_SIZE) || fsync(self->img.fd))
		return -1;
	self->img.direct = variant->direct;
	return 0;
}

FIXTURE_SETUP(fill)
{
	if (variant->where && !getenv(variant->where))
		SKIP(return, "%s is not set", variant->where);
	OPEN_THAW(self->dev);
	ASSERT_EQ(0, domain_create(&self->d, DOMAIN_PVH, NR));
	ASSERT_EQ(0, make_image(self, variant));
	list_init(&self->l, self->dev, &self->d, &self->img);
}

FIXTURE_TEARDOWN(fill)
{
	list_free(&self->l);
	image_free(&self->img);
	domain_destroy(&self->d);
	close(self->dev);
}

#endif /* FILL_PLACES_H */
