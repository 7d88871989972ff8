// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/fs.h>

#include "input.h"
#include "stream.h"

/* The layout of these structs is that of libxc-migration-stream.pandoc. */

struct image_header {
	uint64_t marker;
	uint32_t id;
	uint32_t version;
	uint16_t options;
	uint16_t reserved[3];
};

struct domain_header {
	uint32_t type;
	uint16_t page_shift;
	uint16_t reserved;
	uint32_t xen_major;
	uint32_t xen_minor;
};

struct record_header {
	uint32_t type;
	uint32_t length;
};

struct page_data_header {
	uint32_t count;
	uint32_t reserved;
};

#define IMAGE_MARKER		UINT64_MAX
#define IMAGE_ID		0x58454e46U	/* "XENF" */
#define IMAGE_BIG_ENDIAN	1U

#define PFN_RESERVED		(UINT64_C(0xff) << 52)

static_assert(sizeof(struct image_header) + sizeof(struct domain_header) ==
	      STREAM_HEADERS_SIZE, "the reader's and the writers' idea of it");
static_assert(sizeof(struct record_header) == RECORD_HEADER_SIZE, "likewise");

int stream_fail(struct stream *s, uint64_t offset, const char *fmt, ...)
{
	va_list ap;
	size_t len;

	s->error_offset = offset;
	snprintf(s->error, sizeof(s->error), "offset %" PRIu64 ": ", offset);
	len = strlen(s->error);
	va_start(ap, fmt);
	vsnprintf(s->error + len, sizeof(s->error) - len, fmt, ap);
	va_end(ap);
	return -1;
}

static int check_range(struct stream *s, uint64_t offset, size_t size,
		       const char *what)
{
	if (offset > s->file_size || size > s->file_size - offset)
		return stream_fail(s, offset,
				   "%s of %zu bytes: the file ends at %" PRIu64,
				   what, size, s->file_size);
	return 0;
}

int stream_read(struct stream *s, uint64_t offset, void *buf, size_t size,
		const char *what)
{
	size_t done = 0;
	ssize_t n;

	if (check_range(s, offset, size, what))
		return -1;
	if (s->in)
		return input_read(s, offset, buf, size, what);

	while (done < size) {
		n = pread(s->fd, (char *)buf + done, size - done,
			  (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return stream_fail(s, offset + done,
					   "cannot read %s: %s", what,
					   strerror(errno));
		if (n == 0)
			return stream_fail(s, offset + done,
					   "the file became shorter while it was read");
		done += (size_t)n;
	}
	return 0;
}

/*
 * As stream_read(), but reads ahead: the list behind a header comes with it, and
 * so do the records that follow if they have no data.
 */
static int read_ahead(struct stream *s, uint64_t offset, void *buf, size_t size,
		      const char *what)
{
	uint64_t len;

	if (check_range(s, offset, size, what))
		return -1;
	if (s->in)
		return input_hold(s, offset + size, what) ? -1 :
		       input_read(s, offset, buf, size, what);

	if (offset < s->ahead_offset ||
	    offset + size > s->ahead_offset + s->ahead_len) {
		len = s->file_size - offset;
		if (len > sizeof(s->ahead))
			len = sizeof(s->ahead);
		if (len < size)
			return stream_read(s, offset, buf, size, what);
		s->ahead_len = 0;
		if (stream_read(s, offset, s->ahead, len, what))
			return -1;
		s->ahead_offset = offset;
		s->ahead_len = (uint32_t)len;
	}
	memcpy(buf, s->ahead + (offset - s->ahead_offset), size);
	return 0;
}

int stream_file_size(int fd, uint64_t *size)
{
	struct stat st;

	if (fstat(fd, &st))
		return -1;

	if (S_ISREG(st.st_mode)) {
		*size = (uint64_t)st.st_size;
		return 0;
	}
	if (S_ISBLK(st.st_mode))
		return ioctl(fd, BLKGETSIZE64, size) ? -1 : 0;

	errno = ESPIPE;
	return -1;
}

static int check_image_header(struct stream *s, const struct image_header *h)
{
	uint32_t id = be32toh(h->id);

	if (h->marker != IMAGE_MARKER)
		return stream_fail(s, s->start,
				   "no libxc stream: marker %#" PRIx64 " is not %#" PRIx64,
				   be64toh(h->marker), IMAGE_MARKER);
	if (id != IMAGE_ID)
		return stream_fail(s, s->start,
				   "no libxc stream: id %#x is not %#x", id,
				   IMAGE_ID);

	s->version = be32toh(h->version);
	if (s->version < 2 || s->version > 3)
		return stream_fail(s, s->start,
				   "libxc stream of version %u, versions 2 and 3 are known",
				   s->version);
	if (be16toh(h->options) & IMAGE_BIG_ENDIAN)
		return stream_fail(s, s->start, "big-endian libxc stream (options %#x)",
				   be16toh(h->options));
	return 0;
}

static int check_domain_header(struct stream *s, const struct domain_header *h)
{
	uint64_t offset = s->start + sizeof(struct image_header);

	s->guest_type = le32toh(h->type);
	s->xen_major = le32toh(h->xen_major);
	s->xen_minor = le32toh(h->xen_minor);

	if (s->guest_type != STREAM_GUEST_PV &&
	    s->guest_type != STREAM_GUEST_HVM)
		return stream_fail(s, offset, "unknown guest type %u",
				   s->guest_type);
	if (le16toh(h->page_shift) != XT_PAGE_SHIFT)
		return stream_fail(s, offset, "page shift %u is not %u",
				   le16toh(h->page_shift), XT_PAGE_SHIFT);
	return 0;
}

int stream_check_headers(struct stream *s)
{
	struct {
		struct image_header image;
		struct domain_header domain;
	} h;

	if (read_ahead(s, s->start, &h, sizeof(h), "image header") ||
	    check_image_header(s, &h.image) ||
	    check_domain_header(s, &h.domain))
		return -1;
	return 0;
}

int stream_open(struct stream *s, int fd, const char *name, uint64_t start)
{
	memset(s, 0, sizeof(*s));
	s->fd = fd;
	s->name = name;
	s->start = start;
	s->next = start + STREAM_HEADERS_SIZE;

	if (stream_file_size(fd, &s->file_size))
		return stream_fail(s, start, "cannot tell the file's size: %s",
				   errno == ESPIPE ?
				   "neither a regular file nor a block device" :
				   strerror(errno));
	return stream_check_headers(s);
}

/* Bytes that a body takes in the file: records are padded to 8 bytes. */
static uint64_t padded(uint32_t length)
{
	return ((uint64_t)length + 7) & ~UINT64_C(7);
}

int stream_next(struct stream *s, struct stream_record *rec)
{
	struct record_header h;

	if (s->in && input_next(s))
		return -1;
	if (read_ahead(s, s->next, &h, sizeof(h), "record header"))
		return -1;

	rec->offset = s->next;
	rec->body = s->next + sizeof(h);
	rec->type = le32toh(h.type);
	rec->length = le32toh(h.length);

	if (rec->length > REC_LENGTH_MAX)
		return stream_fail(s, rec->offset,
				   "record %s (%#x) of %u bytes, the limit is %u",
				   record_name(rec->type), rec->type,
				   rec->length, REC_LENGTH_MAX);
	if (padded(rec->length) > s->file_size - rec->body)
		return stream_fail(s, rec->offset,
				   "record %s (%#x) of %u bytes: the file ends at %" PRIu64,
				   record_name(rec->type), rec->type,
				   rec->length, s->file_size);

	s->next = rec->body + padded(rec->length);
	return 0;
}

static unsigned int entry_type(uint64_t entry)
{
	return (unsigned int)(entry >> PFN_TYPE_SHIFT);
}

/* Fills in the longest run that starts with entries[0], but not its offset. */
static void first_run(const uint64_t *entries, uint32_t count,
		      struct page_run *run)
{
	uint64_t first = le64toh(entries[0]) & ~PFN_RESERVED;
	uint32_t nr = 1;

	/*
	 * One comparison checks type and pfn. The sum for a pfn above the
	 * highest sets a reserved bit, and entries have none here.
	 */
	while (nr < count &&
	       (le64toh(entries[nr]) & ~PFN_RESERVED) == first + nr)
		nr++;

	run->type = (uint8_t)entry_type(first);
	run->pfn = first & PFN_MASK;
	run->has_data = stream_type_has_data(run->type);
	run->nr = nr;
}

/**
 * struct page_list - the list of a PAGE_DATA record
 * @header: of the record's body
 * @entries: in the file's byte order
 */
struct page_list {
	struct page_data_header header;
	uint64_t entries[];
};

static size_t list_size(uint32_t count)
{
	return sizeof(struct page_list) + count * sizeof(uint64_t);
}

static int check_count(struct stream *s, const struct stream_record *rec,
		       uint32_t count)
{
	if (count == 0)
		return stream_fail(s, rec->body, "PAGE_DATA without a pfn");
	if (list_size(count) > rec->length)
		return stream_fail(s, rec->body,
				   "PAGE_DATA of %u bytes is too short for %u pfns",
				   rec->length, count);
	return 0;
}

/* Reads the rest of a list, of more entries than usual. */
static struct page_list *read_rest(struct stream *s,
				   const struct stream_record *rec,
				   struct page_list *list, uint32_t count)
{
	size_t done = list_size(PAGES_PER_RECORD);
	struct page_list *whole = realloc(list, list_size(count));

	if (!whole) {
		stream_fail(s, rec->offset, "no memory for %u pfns", count);
	} else {
		list = whole;
		if (!read_ahead(s, rec->body + done, (char *)list + done,
				list_size(count) - done, "pfn list"))
			return list;
	}
	free(list);
	return NULL;
}

/* Return: the list, for free(), or NULL with the error set. */
static struct page_list *read_list(struct stream *s,
				   const struct stream_record *rec,
				   uint32_t *count)
{
	size_t size = list_size(PAGES_PER_RECORD);
	struct page_list *list;

	if (rec->length < sizeof(*list)) {
		stream_fail(s, rec->offset,
			    "PAGE_DATA of %u bytes, its header takes %zu",
			    rec->length, sizeof(*list));
		return NULL;
	}
	list = malloc(size);
	if (!list) {
		stream_fail(s, rec->offset, "no memory");
		return NULL;
	}
	if (read_ahead(s, rec->body, list, sizeof(*list), "PAGE_DATA header"))
		goto fail;

	*count = le32toh(list->header.count);
	if (check_count(s, rec, *count))
		goto fail;
	if (size > list_size(*count))
		size = list_size(*count);
	if (read_ahead(s, rec->body, list, size, "pfn list"))
		goto fail;
	if (*count > PAGES_PER_RECORD)
		return read_rest(s, rec, list, *count);
	return list;

fail:
	free(list);
	return NULL;
}

/* @run: out: the last run of the list */
static int check_list(struct stream *s, const struct stream_record *rec,
		      const struct page_list *list, uint32_t count,
		      struct page_run *run)
{
	size_t pages = 0, want;
	uint32_t i;

	for (i = 0; i < count; i += run->nr) {
		first_run(list->entries + i, count - i, run);
		if (!stream_type_is_known(run->type))
			return stream_fail(s, rec->body + list_size(i),
					   "unknown type %#x for pfn %#" PRIx64 " (entry %u)",
					   run->type, run->pfn, i);
		if (run->has_data)
			pages += run->nr;
	}

	want = list_size(count) + pages * XT_PAGE_SIZE;
	if (rec->length != want)
		return stream_fail(s, rec->offset,
				   "PAGE_DATA of %u bytes, %u pfns with data for %zu take %zu",
				   rec->length, count, pages, want);
	return 0;
}

int stream_page_runs(struct stream *s, const struct stream_record *rec,
		     int (*fn)(void *arg, const struct page_run *run),
		     void *arg)
{
	uint32_t count = 0, i;
	struct page_run run = { 0 };
	struct page_list *list;
	uint64_t data;
	int ret;

	list = read_list(s, rec, &count);
	if (!list)
		return -1;

	ret = check_list(s, rec, list, count, &run);
	data = rec->body + list_size(count);
	for (i = 0; !ret && i < count; i += run.nr) {
		/* Most lists are one run: check_list() left it here. */
		if (run.nr < count)
			first_run(list->entries + i, count - i, &run);
		run.offset = run.has_data ? data : 0;
		if (run.has_data)
			data += (uint64_t)run.nr * XT_PAGE_SIZE;
		ret = fn(arg, &run);
	}

	free(list);
	return ret;
}

/* For stream_page_runs(): not zero if the run has the pfn *arg. */
static int run_has_pfn(void *arg, const struct page_run *run)
{
	uint64_t pfn = *(const uint64_t *)arg;

	return pfn >= run->pfn && pfn - run->pfn < run->nr;
}

int stream_find_pfn(struct stream *s, uint64_t pfn, uint64_t *offset)
{
	struct stream scan = *s;
	struct stream_record rec;
	int ret = 0;

	scan.next = s->start + STREAM_HEADERS_SIZE;
	do {
		if (stream_next(&scan, &rec))
			return -1;
		if (rec.type == REC_PAGE_DATA)
			ret = stream_page_runs(&scan, &rec, run_has_pfn, &pfn);
	} while (!ret && rec.type != REC_END);

	if (ret != 1)
		return -1;
	*offset = rec.offset;
	return 0;
}
