// SPDX-License-Identifier: GPL-2.0
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "savefile.h"

/* As xl lays it out: tools/xl/xl.h, struct save_file_header. */
struct xl_header {
	char magic[32];
	uint32_t byteorder;
	uint32_t mandatory_flags;
	uint32_t optional_flags;
	uint32_t optional_data_len;
};

#define XL_MAGIC		"Xen saved domain, xl format\n \0 \r"
#define XL_BYTEORDER		0x01020304U
#define XL_FLAG_JSON		1U
#define XL_FLAG_STREAM_V2	2U
#define XL_FLAGS_KNOWN		(XL_FLAG_JSON | XL_FLAG_STREAM_V2)

/* As libvirt lays it out: src/libxl/libxl_domain.h, _libxlSavefileHeader. */
struct libvirt_header {
	char magic[16];
	uint32_t version;
	uint32_t xml_len;
	uint32_t unused[10];
};

#define LIBVIRT_MAGIC		"libvirt-xml\n \0 \r"
#define LIBVIRT_VERSION		2	/* 1 has the format of Xen 4.5 inside */

/* libxl-migration-stream.pandoc, "Header". */
struct libxl_header {
	uint64_t ident;
	uint32_t version;
	uint32_t options;
};

#define LIBXL_IDENT		0x4c6962786c466d74U	/* "LibxlFmt" */
#define LIBXL_VERSION		2
#define LIBXL_BIG_ENDIAN	1U

static_assert(sizeof(struct libxl_header) == LIBXL_HEADER_SIZE,
	      "as the format's document says");

struct libxl_rec_header {
	uint32_t type;
	uint32_t length;
};

/* A real configuration has some KiB. */
#define CONFIG_MAX		(16U << 20)

/* Sets where the configuration is; 0, or -1 with the error set. */
static int read_xl_config(struct savefile *f, const struct xl_header *h)
{
	uint32_t room = le32toh(h->optional_data_len), len;
	uint64_t offset = sizeof(*h);

	if (room == 0)
		return 0;
	if (room > f->stream.file_size - offset)
		return stream_fail(&f->stream, 0,
				   "%u bytes of optional data: the file ends at %" PRIu64,
				   room, f->stream.file_size);
	if (room < sizeof(len))
		return stream_fail(&f->stream, 0,
				   "xl header with %u bytes of optional data, the config's length takes %zu",
				   room, sizeof(len));
	if (stream_read(&f->stream, offset, &len, sizeof(len), "config length"))
		return -1;

	f->config_len = le32toh(len);
	f->config = offset + sizeof(len);
	if (f->config_len > room - sizeof(len))
		return stream_fail(&f->stream, offset,
				   "config of %u bytes in %u bytes of optional data",
				   f->config_len, room);
	return 0;
}

static int open_xl(struct savefile *f)
{
	struct xl_header h;
	uint32_t unknown;

	if (stream_read(&f->stream, 0, &h, sizeof(h), "xl header"))
		return -1;
	f->toolstack = SAVEFILE_XL;
	f->room = offsetof(struct xl_header, optional_data_len);
	f->flags = le32toh(h.mandatory_flags);
	f->config_json = f->flags & XL_FLAG_JSON;
	unknown = f->flags & ~XL_FLAGS_KNOWN;

	if (le32toh(h.byteorder) != XL_BYTEORDER)
		return stream_fail(&f->stream, 0,
				   "xl header with byte order %#x, not %#x",
				   le32toh(h.byteorder), XL_BYTEORDER);
	if (unknown)
		return stream_fail(&f->stream, 0,
				   "xl header with unknown mandatory flags %#x",
				   unknown);
	if (!(f->flags & XL_FLAG_STREAM_V2))
		return stream_fail(&f->stream, 0,
				   "saved by Xen 4.5 or older: restore it with xl");

	f->libxl = sizeof(h) + (uint64_t)le32toh(h.optional_data_len);
	return read_xl_config(f, &h);
}

static int open_libvirt(struct savefile *f)
{
	struct libvirt_header h;

	if (stream_read(&f->stream, 0, &h, sizeof(h), "libvirt header"))
		return -1;
	f->toolstack = SAVEFILE_LIBVIRT;
	f->room = offsetof(struct libvirt_header, xml_len);
	f->config = sizeof(h);
	f->config_len = le32toh(h.xml_len);
	f->libxl = sizeof(h) + (uint64_t)f->config_len;

	if (le32toh(h.version) != LIBVIRT_VERSION)
		return stream_fail(&f->stream, 0,
				   "libvirt header of version %u, version %u is known",
				   le32toh(h.version), LIBVIRT_VERSION);
	return 0;
}

#define COMPRESSED(name) \
	"compressed with " name ": decompress it first; or restore it from a pipe: " \
	name " -dc FILE | xl restore /dev/stdin"

/* What is often taken for a save file of xl or libvirt, by its first bytes. */
static const struct {
	const char *magic;
	size_t size;
	const char *what;
} others[] = {
	{ "\x1f\x8b", 2, COMPRESSED("gzip") },
	{ "\3757zXZ", 6, COMPRESSED("xz") },
	{ "\x28\xb5\x2f\xfd", 4, COMPRESSED("zstd") },
	{ "\x04\x22\x4d\x18", 4, COMPRESSED("lz4") },
	{ "BZh", 3, COMPRESSED("bzip2") },
	/* XenSavedDomain, and since 2013 XenSavedDomv2-. */
	{ "XenSavedDom", 11,
	  "a suspend image of XAPI (XenServer, XCP-ng): restore it with xe vm-resume" },
	{ "LinuxGuestRecord", 16,
	  "saved by xm: Xen 4.4 and older restore it" },
	{ "LibvirtQemudSave", 16,
	  "saved by libvirt of a guest of QEMU, not of Xen: restore it with virsh restore" },
	{ "QEVM", 4, "state of QEMU, not a Xen guest: it cannot be restored by itself" },
	{ "QFI\xfb", 4, "a disk image (qcow2), not a save file" },
	{ "\177ELF", 4,
	  "an ELF file, such as xl dump-core writes: a core cannot be restored" },
};

static int refuse_other(struct savefile *f, const char *magic)
{
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!memcmp(magic, others[i].magic, others[i].size))
			return stream_fail(&f->stream, 0, "%s", others[i].what);
	}
	return stream_fail(&f->stream, 0,
			   "neither xl's nor libvirt's save file header");
}

static int open_toolstack(struct savefile *f)
{
	char magic[sizeof(XL_MAGIC) - 1];

	if (stream_read(&f->stream, 0, magic, sizeof(magic),
			"save file header"))
		return -1;
	if (!memcmp(magic, XL_MAGIC, sizeof(magic)))
		return open_xl(f);
	if (!memcmp(magic, LIBVIRT_MAGIC, sizeof(LIBVIRT_MAGIC) - 1))
		return open_libvirt(f);
	return refuse_other(f, magic);
}

static int open_libxl(struct savefile *f)
{
	struct libxl_header h;

	if (stream_read(&f->stream, f->libxl, &h, sizeof(h), "libxl header"))
		return -1;
	f->libxl_version = be32toh(h.version);
	f->libxl_options = be32toh(h.options);

	if (be64toh(h.ident) != LIBXL_IDENT)
		return stream_fail(&f->stream, f->libxl,
				   "no libxl stream: ident %#" PRIx64 " is not %#" PRIx64,
				   be64toh(h.ident), (uint64_t)LIBXL_IDENT);
	if (f->libxl_version != LIBXL_VERSION)
		return stream_fail(&f->stream, f->libxl,
				   "libxl stream of version %u, version %u is known",
				   f->libxl_version, LIBXL_VERSION);
	if (f->libxl_options & LIBXL_BIG_ENDIAN)
		return stream_fail(&f->stream, f->libxl,
				   "big-endian libxl stream (options %#x)",
				   f->libxl_options);
	return 0;
}

static int find_libxc(struct savefile *f, uint64_t *offset)
{
	struct stream_record rec;

	*offset = f->libxl + LIBXL_HEADER_SIZE;
	do {
		if (savefile_next(f, offset, &rec))
			return -1;
		if (rec.type == LIBXL_REC_END)
			return stream_fail(&f->stream, rec.offset,
					   "libxl stream without LIBXC_CONTEXT");
	} while (rec.type != LIBXL_REC_LIBXC_CONTEXT);
	return 0;
}

int savefile_find(struct savefile *f, int fd, const char *name,
		  uint64_t *offset)
{
	memset(f, 0, sizeof(*f));
	f->stream.fd = fd;
	f->stream.name = name;
	if (stream_file_size(fd, &f->stream.file_size))
		return stream_fail(&f->stream, 0,
				   "cannot tell the file's size: %s",
				   errno == ESPIPE ?
				   "neither a regular file nor a block device" :
				   strerror(errno));
	if (open_toolstack(f) || open_libxl(f) || find_libxc(f, offset))
		return -1;
	return 0;
}

int savefile_open(struct savefile *f, int fd, const char *name)
{
	uint64_t offset;

	if (savefile_find(f, fd, name, &offset))
		return -1;
	return stream_open(&f->stream, fd, name, offset);
}

char *savefile_config(struct savefile *f)
{
	char *config;

	if (!f->config_len) {
		stream_fail(&f->stream, 0, "the file has no configuration");
		return NULL;
	}
	if (f->config_len > CONFIG_MAX) {
		stream_fail(&f->stream, f->config,
			    "configuration of %u bytes, the limit is %u",
			    f->config_len, CONFIG_MAX);
		return NULL;
	}

	config = malloc((size_t)f->config_len + 1);
	if (!config) {
		stream_fail(&f->stream, f->config,
			    "no memory for a configuration of %u bytes",
			    f->config_len);
		return NULL;
	}
	if (stream_read(&f->stream, f->config, config, f->config_len,
			"configuration")) {
		free(config);
		return NULL;
	}
	config[f->config_len] = '\0';
	return config;
}

static int next_record(struct stream *s, uint64_t *offset,
		       struct stream_record *rec)
{
	struct libxl_rec_header h;
	uint64_t padded;

	if (stream_read(s, *offset, &h, sizeof(h), "libxl record header"))
		return -1;
	rec->offset = *offset;
	rec->body = *offset + sizeof(h);
	rec->type = le32toh(h.type);
	rec->length = le32toh(h.length);
	padded = ((uint64_t)rec->length + 7) & ~UINT64_C(7);

	if (padded > s->file_size - rec->body)
		return stream_fail(s, rec->offset,
				   "libxl record %s (%#x) of %u bytes: the file ends at %" PRIu64,
				   savefile_rec_name(rec->type), rec->type,
				   rec->length, s->file_size);
	*offset = rec->body + padded;
	return 0;
}

void *savefile_xl_head(const char *json, size_t *size)
{
	const size_t len = strlen(json) + 1;
	const size_t room = (sizeof(uint32_t) + len + 7) & ~(size_t)7;
	const uint32_t config_len = htole32((uint32_t)len);
	struct xl_header h = {
		.magic = XL_MAGIC,
		.byteorder = htole32(XL_BYTEORDER),
		.mandatory_flags = htole32(XL_FLAGS_KNOWN),
		.optional_data_len = htole32((uint32_t)room),
	};
	uint8_t *head = len <= CONFIG_MAX ? calloc(1, sizeof(h) + room) : NULL;

	if (!head)
		return NULL;
	memcpy(head, &h, sizeof(h));
	memcpy(head + sizeof(h), &config_len, sizeof(config_len));
	memcpy(head + sizeof(h) + sizeof(config_len), json, len);
	*size = sizeof(h) + room;
	return head;
}

int savefile_next(struct savefile *f, uint64_t *offset,
		  struct stream_record *rec)
{
	return next_record(&f->stream, offset, rec);
}

int savefile_check_tail(struct stream *s, uint64_t offset)
{
	struct stream_record rec;

	do {
		if (next_record(s, &offset, &rec))
			return -1;
	} while (rec.type != LIBXL_REC_END);
	return 0;
}

const char *savefile_rec_name(uint32_t type)
{
	static const char * const names[] = {
		[LIBXL_REC_END] = "END",
		[LIBXL_REC_LIBXC_CONTEXT] = "LIBXC_CONTEXT",
		[LIBXL_REC_EMULATOR_XENSTORE_DATA] = "EMULATOR_XENSTORE_DATA",
		[LIBXL_REC_EMULATOR_CONTEXT] = "EMULATOR_CONTEXT",
		[LIBXL_REC_CHECKPOINT_END] = "CHECKPOINT_END",
		[LIBXL_REC_CHECKPOINT_STATE] = "CHECKPOINT_STATE",
	};

	if (type < sizeof(names) / sizeof(names[0]))
		return names[type];
	return "unknown";
}
