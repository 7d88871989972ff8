/* SPDX-License-Identifier: GPL-2.0 */
/* The fixture of tests that fill a domain of each kind from an image in memory. */
#ifndef FILL_KINDS_H
#define FILL_KINDS_H

#include "list.h"
#include "thaw_test.h"

/* 16 MiB: one frame for each offset in a page. */
#define NR		4096U
#define IMAGE_SIZE	((NR + 1) * THAW_PAGE_SIZE)

FIXTURE(fill) {
	int dev;
	struct domain d;
	struct image img;
	struct list l;
};

FIXTURE_VARIANT(fill) {
	enum domain_kind kind;
};

FIXTURE_VARIANT_ADD(fill, pvh) { .kind = DOMAIN_PVH };
FIXTURE_VARIANT_ADD(fill, pvh_2m) { .kind = DOMAIN_PVH_2M };
FIXTURE_VARIANT_ADD(fill, pv) { .kind = DOMAIN_PV };

FIXTURE_SETUP(fill)
{
	int err;

	OPEN_THAW(self->dev);
	err = domain_create(&self->d, variant->kind, NR);
	if (err) {
		domain_destroy(&self->d);
		ASSERT_EQ(1, err);
		SKIP(return, "this host cannot have such a domain");
	}
	ASSERT_EQ(0, image_create(&self->img, NULL, IMAGE_SIZE));
	list_init(&self->l, self->dev, &self->d, &self->img);
}

FIXTURE_TEARDOWN(fill)
{
	list_free(&self->l);
	image_free(&self->img);
	domain_destroy(&self->d);
	close(self->dev);
}

#endif /* FILL_KINDS_H */
