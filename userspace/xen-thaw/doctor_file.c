// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "env.h"
#include "info.h"
#include "output.h"
#include "stock_path.h"

#define CAPABILITIES	DOCTOR_ROOT "/sys/hypervisor/properties/capabilities"

/* What Xen wants besides the pages: tables of the guest, the shadow of its memory. */
#define OVERHEAD_KIB	(8U << 10)

static void check_origin(struct doctor *d, const struct info *info)
{
	const struct stream *s = &info->file.stream;
	int major = stock_xen_version("major");
	int minor = stock_xen_version("minor");
	bool newer = major >= 0 && ((int)s->xen_major > major ||
		     ((int)s->xen_major == major &&
		      (int)s->xen_minor > minor));

	doctor_say(d, "saved-by", newer ? DOCTOR_NOTE : DOCTOR_OK,
		   "Xen %u.%u, libxc stream of version %u", s->xen_major,
		   s->xen_minor, s->version);
	if (newer)
		doctor_advise(d, "Xen promises to restore what older versions saved, not newer ones");
}

static void check_fast(struct doctor *d, const struct info *info)
{
	if (info->fast) {
		doctor_say(d, "fast-path", DOCTOR_OK, "takes the file");
		return;
	}
	doctor_say(d, "fast-path", DOCTOR_NOTE,
		   "the stock helper restores it: %s",
		   info->refusal ? info->refusal : "unknown");
}

static void check_type(struct doctor *d, const struct info *info)
{
	bool pv = info->file.stream.guest_type == STREAM_GUEST_PV;
	char text[512];

	if (doctor_read(CAPABILITIES, text, sizeof(text)) < 0)
		return;
	if (strstr(text, pv ? "xen-3.0-x86_64" : "hvm-3.0-x86_64")) {
		doctor_say(d, "type", DOCTOR_OK, "%s, which this Xen can run",
			   info->type);
		return;
	}
	doctor_say(d, "type", DOCTOR_TODO, "%s, which this Xen cannot run: %s",
		   info->type, text);
	doctor_advise(d, pv ? "boot a Xen that is built with PV" :
			      "turn on VT-x or AMD-V in the firmware");
}

/* Return: what Xen has free, in KiB; -1 if xl does not say. */
static int64_t free_kib(void)
{
	static const char * const argv[] = { "xl", "info", "free_memory", NULL };
	char *text = doctor_output(argv), *end;
	int64_t kib = -1;

	if (text) {
		kib = strtoll(text, &end, 10) * 1024;
		if (end == text)
			kib = -1;
	}
	free(text);
	return kib;
}

static void check_memory(struct doctor *d, const struct info *info)
{
	uint64_t need = info->planned ? info->pages * (XT_PAGE_SIZE / 1024) :
					info->memory_kib;
	struct size_text a, b;
	int64_t have = free_kib();

	need += OVERHEAD_KIB;
	output_size(&a, need * 1024);
	if (have < 0) {
		doctor_say(d, "guest-memory", DOCTOR_NOTE,
			   "it needs %s; 'xl info' does not say what is free",
			   a.text);
		doctor_advise(d, "run xen-thaw doctor as root in dom0");
		return;
	}
	output_size(&b, (uint64_t)have * 1024);
	if ((uint64_t)have >= need) {
		doctor_say(d, "guest-memory", DOCTOR_OK,
			   "it needs %s, and Xen has %s free", a.text, b.text);
		return;
	}
	doctor_say(d, "guest-memory", DOCTOR_TODO,
		   "it needs %s, and Xen has only %s free", a.text, b.text);
	doctor_advise(d, "shut a guest down, or take memory from dom0: xl mem-set Domain-0 SIZE; xl does that itself with autoballoon (xl.conf)");
}

static void check_cache(struct doctor *d, const struct info *info)
{
	uint64_t bytes = info->disk_bytes ? info->disk_bytes :
					    info->file.stream.file_size;
	uint64_t room = mem_available();
	struct size_text a, b;

	output_size(&a, bytes);
	output_size(&b, room);
	if (bytes <= room / 2) {
		doctor_say(d, "page-cache", DOCTOR_OK,
			   "%s of file, and dom0 has %s for it", a.text,
			   b.text);
		return;
	}
	doctor_say(d, "page-cache", DOCTOR_NOTE,
		   "%s of file is more than half of dom0's %s: it is read from the disk, and not kept",
		   a.text, b.text);
	doctor_advise(d, "give dom0 more memory, or pack the file: xen-thaw pack");
}

static void check_name(struct doctor *d, const struct info *info)
{
	const char * const argv[] = { "xl", "domid", "--", info->name, NULL };
	char *domid;

	if (!info->name)
		return;
	domid = doctor_output(argv);
	if (!domid) {
		doctor_say(d, "name", DOCTOR_OK, "no domain is called %s",
			   info->name);
		return;
	}
	doctor_say(d, "name", DOCTOR_TODO, "domain %ld is called %s",
		   strtol(domid, NULL, 10), info->name);
	doctor_advise(d, "shut it down, or restore with a configuration of another name: xen-thaw restore CONFIG FILE");
	free(domid);
}

static void check_config(struct doctor *d, struct info *info)
{
	char *text;

	if (info->file.toolstack != SAVEFILE_XL || !info->file.config_json) {
		doctor_say(d, "devices", DOCTOR_NOTE,
			   "not looked for: only those in a file of xl are");
		return;
	}
	text = savefile_config(&info->file);
	if (text)
		doctor_check_devices(d, text);
	free(text);
}

static void check_all(struct doctor *d, struct info *info)
{
	check_origin(d, info);
	check_fast(d, info);
	check_type(d, info);
	check_memory(d, info);
	check_cache(d, info);
	doctor_check_cpu(d, info);
	check_name(d, info);
	check_config(d, info);
}

void doctor_check_file(struct doctor *d, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct info info;
	int ret;

	if (fd < 0) {
		doctor_say(d, "file", DOCTOR_TODO, "%s: %s", path,
			   strerror(errno));
		doctor_advise(d, "name a save file that exists");
		return;
	}
	ret = info_gather(&info, fd, path, false);
	if (ret) {
		doctor_say(d, "file", DOCTOR_TODO, "%s: %s", path,
			   info.file.stream.error);
		doctor_advise(d, "it does not restore: use another copy");
	} else {
		doctor_say(d, "file", DOCTOR_OK,
			   "%s: its structure is sound; xen-thaw verify checks its contents",
			   path);
		check_all(d, &info);
	}
	info_free(&info);
	close(fd);
}
