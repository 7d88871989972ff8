// SPDX-License-Identifier: GPL-2.0
/*
 * The flow of a restore from a pipe or socket. The records are read once, in order.
 * The page data goes into pieces of a buffer, which a thread populates and fills.
 * Every other record is forwarded when all page data before it is in place.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "clock.h"
#include "fill_runs.h"
#include "flow.h"
#include "forward.h"
#include "guest_memory.h"
#include "message.h"
#include "restore_stream.h"
#include "session.h"
#include "stock.h"
#include "stream_pv.h"
#include "walk.h"

/* The largest that is not root's alone (/proc/sys/fs/pipe-max-size). */
#define PIPE_SIZE	(1 << 20)

int restore_stream_open(struct restore *r, struct input *in)
{
	input_init(in, r->io_fd);
	/* Fewer turns between us and who writes; a socket has no such size. */
	fcntl(r->io_fd, F_SETPIPE_SZ, PIPE_SIZE);
	if (!input_open(&r->stream, in, r->name))
		return 0;
	return restore_fail(r, r->stream.error);
}

/* For the thread of the queue. */
static int restore_piece(void *arg, const struct piece *p)
{
	struct flow *f = arg;
	struct restore *r = f->r;
	double start = clock_now(), populated;
	int err;

	r->record = p->record;
	err = r->pv ? memory_wait_populated(r, p->populate.v, p->populate.nr) :
		      memory_populate(r, &f->pop, p->populate.v, p->populate.nr);
	populated = clock_now();
	r->stats.populate_s += populated - start;
	if (!err)
		err = fill_runs(r, p->zero.v, p->zero.nr);
	if (!err)
		err = fill_runs(r, p->data.v, p->data.nr);
	r->stats.fill_s += clock_now() - populated;
	r->stats.extents += p->data.nr;
	return err;
}

int flow_settle(struct flow *f)
{
	int ret = cutter_flush(&f->cutter);

	if (!ret)
		ret = piece_queue_drain(&f->queue) ? SAID : 0;
	return ret > 0 ? SAID : ret;
}

/* For stream_page_runs(). */
static int take_run(void *arg, const struct page_run *run)
{
	struct flow *f = arg;
	int ret = cutter_run(&f->cutter, run);

	return ret > 0 ? SAID : ret;
}

/*
 * For walk_records(). Optional records, which the stock helper would skip, are not
 * forwarded: a packed stream has one for each PAGE_DATA.
 */
static int take_record(void *arg, const struct stream_record *rec)
{
	struct flow *f = arg;
	struct stream *s = &f->r->stream;
	int ret;

	if (rec->type == REC_PAGE_DATA) {
		f->cutter.record = rec->offset;
		return f->r->pv ? stream_pv_pages(f, rec) :
				  stream_page_runs(s, rec, take_run, f);
	}
	if (rec->type & REC_OPTIONAL)
		return 0;
	ret = flow_settle(f);
	if (!ret && f->r->pv)
		ret = stream_pv_record(f, rec);
	if (ret)
		return ret;
	return forward(f->r, f->pipe_fd, rec->offset, s->next) ? SAID : 0;
}

/* Return: 0, -1 with the stream's error set, or SAID. */
static int pass_records_on(struct flow *f)
{
	struct stream_record rec;

	do {
		if (stream_next(&f->r->stream, &rec))
			return -1;
		if (forward(f->r, f->pipe_fd, rec.offset, f->r->stream.next))
			return SAID;
	} while (rec.type != REC_END);
	return 0;
}

/* From the record under way on, nothing of which was forwarded. */
static int pass_rest_on(struct flow *f)
{
	struct stream *s = &f->r->stream;

	f->r->stats.engine = env_engine_name(ENGINE_STOCK);
	message("%s: %s: passed on to the stock helper", f->r->name, s->error);
	if (forward(f->r, f->pipe_fd, s->in->held_start, s->next))
		return SAID;
	return pass_records_on(f);
}

/* Says why a walk ended early. Return: -1. */
static int walk_failed(struct flow *f, int ret)
{
	struct restore *r = f->r;

	if (ret == SAID || f->queue.failed)
		return -1;
	if (ret < 0)
		return restore_read_failed(r);
	message("%s: %s: restore it with " ENV_STREAM "=0", r->name,
		r->stream.error);
	return -1;
}

static int feed(struct flow *f, bool pass_on)
{
	struct stream *s = &f->r->stream;
	struct walk walk;
	int ret;

	s->in->stop[0] = stock_pidfd();
	s->in->stop[1] = f->queue.stop_fd;
	if (forward(f->r, f->pipe_fd, 0, s->next))
		return -1;
	ret = pass_on ? pass_records_on(f) : walk_records(s, &walk, take_record, f);
	if (ret == PASS_ON)
		ret = pass_rest_on(f);
	return ret ? walk_failed(f, ret) : 0;
}

static int begin(struct flow *f)
{
	if (piece_queue_open(&f->queue)) {
		message("%s: no memory for a buffer: %s", f->r->name,
			strerror(errno));
		return -1;
	}
	f->r->job.fd = f->queue.fd;
	f->r->job.map = f->queue.map;
	if (populator_open(&f->pop, f->r->domid)) {
		message("cannot make hypercalls (/dev/xen/privcmd): %s",
			strerror(errno));
		return -1;
	}
	f->r->clearer = f->r->pv ? &f->pop : NULL;
	if (piece_queue_start(&f->queue)) {
		message("%s: cannot start a thread: %s", f->r->name,
			strerror(errno));
		return -1;
	}
	return 0;
}

static void count(struct flow *f)
{
	struct stats *st = &f->r->stats;

	st->pages = f->cutter.populated;
	st->zero_pages = f->cutter.zeroed;
	st->bytes = f->cutter.contents * XT_PAGE_SIZE;
	st->superpages = f->pop.superpages;
	st->hypercalls = f->r->job.hypercalls;
	st->copy_ops = f->r->job.copy_ops;
}

int restore_stream_run(struct restore *r, bool pass_on)
{
	struct flow f = {
		.r = r,
		.queue = {
			.fd = -1,
			.stop_fd = -1,
			.restore = restore_piece,
			.arg = &f,
		},
		.user = { piece_queue_get, piece_queue_put, &f.queue },
		.cutter = { .s = &r->stream, .user = &f.user },
	};
	int ret = session_begin(r, &f.pipe_fd);

	if (ret == RESTORE_HAND_OVER) {
		/* What was read is forwarded to another one, without the library. */
		pv_free(r->pv);
		r->pv = NULL;
		r->stats.engine = env_engine_name(ENGINE_STOCK);
		pass_on = true;
		ret = session_begin(r, &f.pipe_fd);
	}
	if (ret)
		return ret;
	/* The child was made before there is a thread. */
	ret = pass_on ? 0 : begin(&f);
	if (!ret)
		ret = feed(&f, pass_on);
	piece_queue_close(&f.queue);
	count(&f);
	populator_close(&f.pop);
	cutter_free(&f.cutter);
	return session_end(r, f.pipe_fd, ret);
}
