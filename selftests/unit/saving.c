// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "save_room.h"
#include "saving.h"

void saving_init(struct saving *t)
{
	memset(t, 0, sizeof(*t));
	t->seed = 1;
	t->out = -1;
	t->mode = CACHE_KEEP;
}

void saving_free(struct saving *t)
{
	image_free(&t->img);
	close(t->out);
}

/* xorshift64, so that a seed gives the same numbers everywhere. */
uint32_t saving_rnd(struct saving *t, uint32_t below)
{
	t->seed ^= t->seed << 13;
	t->seed ^= t->seed >> 7;
	t->seed ^= t->seed << 17;
	return (uint32_t)(t->seed >> 32) % below;
}

uint32_t saving_rnd_type(struct saving *t, bool pv)
{
	static const uint8_t hvm_types[] = { PFN_NOTAB, PFN_NOTAB, PFN_XALLOC,
					     PFN_XTAB, PFN_BROKEN };
	static const uint8_t pv_types[] = { PFN_NOTAB, PFN_L1TAB, PFN_L4TAB_PIN,
					    PFN_XALLOC, PFN_XTAB, PFN_BROKEN };

	return pv ? pv_types[saving_rnd(t, sizeof(pv_types))] :
		    hvm_types[saving_rnd(t, sizeof(hvm_types))];
}

void saving_zero_last_page(struct image *img)
{
	memset(img->buf + img->len - XT_PAGE_SIZE, 0, XT_PAGE_SIZE);
}

void saving_add_record(struct saving *t, const uint64_t *entries, uint32_t nr)
{
	image_pages(&t->img, entries, nr);
	if (stream_type_has_data((uint32_t)(entries[nr - 1] >> PFN_TYPE_SHIFT)) &&
	    saving_rnd(t, 2))
		saving_zero_last_page(&t->img);
}

const char *saving_compare(struct saving *t, int *in, struct guest *before,
			   struct guest *after)
{
	const char *why = saving_all(t);

	close(*in);
	*in = image_file(&t->img, false);
	if (!why)
		why = guest_restore(before, 0, *in);
	if (!why)
		why = guest_restore(after, 0, t->out);
	if (!why)
		why = guest_differs(before, after);
	if (why)
		return why;
	if (after->nr_unaligned)
		return "unaligned pages";
	if (after->nr_written_zero)
		return "zero pages that take space";
	return NULL;
}

void saving_begin(struct saving *t)
{
	image_free(&t->img);
	image_file_head(&t->img);
	image_hvm_head(&t->img);
}

/* libxl adds its own records after the end of the libxc stream. */
void saving_end(struct saving *t)
{
	image_hvm_tail(&t->img);
	t->libxc_end = t->img.len;
	image_file_tail(&t->img);
}

void saving_begin_pv(struct saving *t)
{
	image_free(&t->img);
	image_file_head(&t->img);
	guest_pv_head(&t->img, 4095);
}

void saving_end_pv(struct saving *t)
{
	guest_pv_tail(&t->img);
	t->libxc_end = t->img.len;
	image_file_tail(&t->img);
}

/* Writes what xl and libxl write before they run the helper. */
int saving_head(struct saving *t)
{
	close(t->out);
	t->out = t->dir ? open(t->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) :
			  memfd_create("saved", MFD_CLOEXEC);
	t->job.start = t->img.libxc;
	if (write(t->out, t->img.buf, t->img.libxc) !=
	    (ssize_t)t->img.libxc)
		return -1;
	return save_make_room(t->out, "out", &t->job.start, t->error,
			      sizeof(t->error));
}

/* Returns a pipe with the stream up to @end. A child writes it if it does not fit. */
static int open_stream(struct saving *t, size_t end, pid_t *child)
{
	size_t at = t->img.libxc, size;
	int fds[2];

	*child = -1;
	if (pipe(fds))
		return -1;
	fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
	if (end - at > 1 << 19)
		*child = fork();
	if (*child > 0)
		goto out;
	if (!*child)
		close(fds[0]);
	/* The pieces end anywhere in a record, unlike those of a real writer. */
	for (; at < end; at += size) {
		size = 1 + saving_rnd(t, 70000);
		if (size > end - at)
			size = end - at;
		if (write(fds[1], t->img.buf + at, size) != (ssize_t)size)
			_exit(1);
	}
	if (!*child)
		_exit(0);
out:
	close(fds[1]);
	return fds[0];
}

/* Saves the stream up to @end. */
int saving_part(struct saving *t, size_t end)
{
	pid_t child;
	int ret;

	signal(SIGPIPE, SIG_DFL);
	t->job = (struct save_job) { .live = t->live, .stop = t->stop };
	if (saving_head(t))
		return -1;
	t->job.in_fd = open_stream(t, end, &child);
	writer_init(&t->writer, t->out, "out", t->job.error,
		    sizeof(t->job.error));
	writer_drop_behind(&t->writer, t->mode);
	t->job.out = &t->writer;
	ret = save_stream(&t->job);
	close(t->job.in_fd);
	if (child > 0)
		waitpid(child, NULL, 0);
	return ret;
}

const char *saving_all(struct saving *t)
{
	size_t rest = t->img.len - t->libxc_end;
	struct stat st;

	if (saving_part(t, t->libxc_end))
		return t->job.error;
	if (fstat(t->out, &st) || (uint64_t)st.st_size != t->job.end)
		return "the file does not end where the stream ends";
	if (pwrite(t->out, t->img.buf + t->libxc_end, rest,
		   (off_t)t->job.end) != (ssize_t)rest)
		return "cannot write";
	return NULL;
}
