// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <json-c/json.h>

#include "format.h"
#include "info.h"
#include "info_libvirt.h"
#include "pages.h"
#include "plan.h"

/* Bytes of pages read at once. */
#define READ_BLOCK	(1U << 20)

static void count(struct info_count *c, const struct stream_record *rec,
		  uint64_t end)
{
	c->nr++;
	c->bytes += end - rec->offset;
}

static struct info_count *libxc_count(struct info *info, uint32_t type)
{
	if (type < INFO_LIBXC_OPTIONAL)
		return &info->libxc[type];
	if (type & REC_OPTIONAL)
		return &info->libxc[INFO_LIBXC_OPTIONAL];
	return &info->libxc[INFO_LIBXC_UNKNOWN];
}

/* For stream_page_runs(). */
static int count_run(void *arg, const struct page_run *run)
{
	struct info *info = arg;

	info->types[run->type] += run->nr;
	if (!run->has_data)
		return 0;
	info->data_pages += run->nr;
	if (run->offset % XT_PAGE_SIZE == 0)
		info->aligned_pages += run->nr;
	return 0;
}

/* A save writes INDEX last, over a PADDING: docs/format.md. */
static void count_thaw(struct info *info, uint32_t type)
{
	if (record_kind(type) != RECORD_THAW)
		return;
	if (type == REC_THAW_INDEX)
		info->packed = true;
	else if (type == REC_THAW_PAGE_SUMS)
		info->sums = true;
	info->truncated_save = !info->packed;
}

static int walk_libxc(struct info *info)
{
	struct stream *s = &info->file.stream;
	struct stream_record rec;

	do {
		if (stream_next(s, &rec))
			return -1;
		count(libxc_count(info, rec.type), &rec, s->next);
		count_thaw(info, rec.type);
		if (rec.type == REC_PAGE_DATA &&
		    stream_page_runs(s, &rec, count_run, info))
			return -1;
		/* The libxl stream goes on after it; no file has one. */
		if (rec.type == REC_CHECKPOINT)
			return stream_fail(s, rec.offset,
					   "CHECKPOINT: a stream of Remus or COLO");
	} while (rec.type != REC_END);
	return 0;
}

/* The records before the libxc stream, or those after it. */
static int walk_libxl(struct info *info, uint64_t offset)
{
	struct stream_record rec;
	uint32_t type;

	do {
		if (savefile_next(&info->file, &offset, &rec))
			return -1;
		type = rec.type < INFO_LIBXL_UNKNOWN ? rec.type :
						       INFO_LIBXL_UNKNOWN;
		count(&info->libxl[type], &rec, offset);
	} while (rec.type != LIBXL_REC_END &&
		 rec.type != LIBXL_REC_LIBXC_CONTEXT);
	return 0;
}

/* Counts the zero pages of a block. */
static uint64_t zeros_in(const uint8_t *block, size_t size)
{
	uint64_t nr = 0;
	size_t i;

	for (i = 0; i < size; i += XT_PAGE_SIZE)
		nr += page_is_zero(block + i);
	return nr;
}

static int read_run(struct info *info, const struct plan_fill *run,
		    uint8_t *block)
{
	uint64_t left = (uint64_t)run->nr * XT_PAGE_SIZE;
	uint64_t offset = run->offset;
	size_t size;

	for (; left; left -= size, offset += size) {
		size = left < READ_BLOCK ? left : READ_BLOCK;
		if (stream_read(&info->file.stream, offset, block, size,
				"page data"))
			return -1;
		info->zero += zeros_in(block, size);
	}
	return 0;
}

static int read_data_pages(struct info *info, const struct plan *p)
{
	uint8_t *block = aligned_alloc(XT_PAGE_SIZE, READ_BLOCK);
	int ret = 0;
	size_t i;

	if (!block)
		return stream_fail(&info->file.stream, 0, "no memory");
	info->zero = p->zero_pages;
	for (i = 0; !ret && i < p->nr_data; i++)
		ret = read_run(info, &p->data[i], block);
	free(block);
	info->data_read = !ret;
	return ret;
}

/* Plans a restore, on its own stream: that of the file keeps its error. */
static int plan(struct info *info, bool read_data)
{
	struct stream s;
	struct plan p;
	int ret;

	if (stream_open(&s, info->file.stream.fd, info->file.stream.name,
			info->file.stream.start))
		return -1;
	ret = plan_build(&p, &s);
	info->refusal = plan_refusal(&s);
	info->fast = !ret && !info->refusal;
	if (ret > 0 && !info->refusal) {
		memcpy(info->why, s.error, sizeof(info->why));
		info->refusal = info->why;
	}
	if (ret < 0)
		memcpy(info->file.stream.error, s.error, sizeof(s.error));

	info->planned = p.whole;
	if (info->planned) {
		info->pages = p.pages;
		info->known_zero = p.zero_pages;
		if (read_data)
			ret = read_data_pages(info, &p) < 0 ? -1 : ret;
	}
	plan_free(&p);
	return ret < 0 ? -1 : 0;
}

static char *get_string(struct json_object *from, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(from, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return strdup(json_object_get_string(value));
}

static uint64_t get_number(struct json_object *from, const char *key)
{
	struct json_object *value;
	int64_t number;

	if (!json_object_object_get_ex(from, key, &value) ||
	    !json_object_is_type(value, json_type_int))
		return 0;
	number = json_object_get_int64(value);
	return number < 0 ? 0 : (uint64_t)number;
}

/* Keys are libxl's: libxl_types.idl, domain_config. */
static void read_libxl(struct info *info, const char *text)
{
	struct json_object *config = json_tokener_parse(text), *part;

	if (json_object_object_get_ex(config, "c_info", &part)) {
		info->name = get_string(part, "name");
		info->uuid = get_string(part, "uuid");
		info->type = get_string(part, "type");
	}
	if (json_object_object_get_ex(config, "b_info", &part)) {
		info->vcpus = get_number(part, "max_vcpus");
		info->memory_kib = get_number(part, "target_memkb");
		info->max_memory_kib = get_number(part, "max_memkb");
	}
	json_object_put(config);
}

/* If the configuration cannot be read, the memory image may still be sound. */
static void gather_config(struct info *info)
{
	bool libvirt = info->file.toolstack == SAVEFILE_LIBVIRT;
	char *text = NULL;

	if (libvirt || info->file.config_json)
		text = savefile_config(&info->file);
	if (text && libvirt)
		info_read_libvirt(info, text);
	else if (text)
		read_libxl(info, text);
	free(text);
	if (!info->type)
		info->type = strdup(info->file.stream.guest_type ==
				    STREAM_GUEST_PV ? "pv" : "hvm/pvh");
}

int info_gather(struct info *info, int fd, const char *name, bool read_data)
{
	struct stat st;

	memset(info, 0, sizeof(*info));
	if (savefile_open(&info->file, fd, name))
		return -1;
	if (!fstat(fd, &st))
		info->disk_bytes = (uint64_t)st.st_blocks * 512;

	gather_config(info);
	if (walk_libxl(info, info->file.libxl + LIBXL_HEADER_SIZE) ||
	    walk_libxc(info) || walk_libxl(info, info->file.stream.next) ||
	    plan(info, read_data))
		return 1;
	return 0;
}

void info_free(struct info *info)
{
	free(info->name);
	free(info->uuid);
	free(info->type);
	memset(info, 0, sizeof(*info));
}

const char *info_packed(const struct info *info)
{
	if (info->truncated_save)
		return "incomplete: the save was truncated";
	if (!info->packed)
		return "no";
	return info->sums ? "yes, with checksums" : "yes";
}

const char *info_libxc_name(unsigned int type)
{
	if (type == INFO_LIBXC_OPTIONAL)
		return "optional";
	return record_name(type);
}

const char *info_libxl_name(unsigned int type)
{
	return savefile_rec_name(type);
}

const char *info_page_type_name(unsigned int type)
{
	static const char * const names[] = {
		[PFN_NOTAB] = "NOTAB",
		[PFN_L1TAB] = "L1TAB",
		[PFN_L2TAB] = "L2TAB",
		[PFN_L3TAB] = "L3TAB",
		[PFN_L4TAB] = "L4TAB",
		[PFN_L1TAB_PIN] = "L1TAB_PIN",
		[PFN_L2TAB_PIN] = "L2TAB_PIN",
		[PFN_L3TAB_PIN] = "L3TAB_PIN",
		[PFN_L4TAB_PIN] = "L4TAB_PIN",
		[PFN_BROKEN] = "BROKEN",
		[PFN_XALLOC] = "XALLOC",
		[PFN_XTAB] = "XTAB",
	};

	return type < 16 && names[type] ? names[type] : "reserved";
}
