// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "doctor.h"
#include "xen_thaw.h"

#define LOADED	DOCTOR_ROOT "/sys/module/xen_thaw"

/* Tests have another. */
#ifndef THAW_DEVICE
#define THAW_DEVICE	XEN_THAW_DEVICE
#endif

/* What the kernel's scripts/sign-file puts at the end of a module. */
#define SIGNATURE	"~Module signature appended~\n"

/* Looks into modules.dep of a kernel. Return: 0, or -1 if it has no such module. */
static int find_module(const char *release, char path[PATH_MAX])
{
	char *line = NULL, *end;
	size_t size = 0;
	int ret = -1;
	FILE *f;

	snprintf(path, PATH_MAX, DOCTOR_ROOT "/lib/modules/%s/modules.dep",
		 release);
	f = fopen(path, "re");
	if (!f)
		return -1;
	while (ret && getline(&line, &size, f) > 0) {
		end = strchr(line, ':');
		if (!end || !memmem(line, (size_t)(end - line),
				    "/xen_thaw.ko", strlen("/xen_thaw.ko")))
			continue;
		*end = '\0';
		snprintf(path, PATH_MAX, DOCTOR_ROOT "/lib/modules/%s/%s",
			 release, line);
		ret = 0;
	}
	free(line);
	fclose(f);
	return ret;
}

/* Return: 1 if a module is signed, 0 if not, -1 if that cannot be seen. */
static int is_signed(const char *path)
{
	char end[sizeof(SIGNATURE) - 1];
	int fd, ret;

	/* The signature is inside of a compressed file. */
	if (strcmp(path + strlen(path) - strlen(".ko"), ".ko"))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ret = lseek(fd, -(off_t)sizeof(end), SEEK_END) >= 0 &&
	      read(fd, end, sizeof(end)) == sizeof(end) &&
	      !memcmp(end, SIGNATURE, sizeof(end));
	close(fd);
	return ret;
}

/* Return: what makes the kernel refuse unsigned modules, or NULL. */
static const char *enforced_by(void)
{
	char text[128];

	if (doctor_read(DOCTOR_ROOT "/sys/module/module/parameters/sig_enforce",
			text, sizeof(text)) > 0 && text[0] == 'Y')
		return "module.sig_enforce";
	if (doctor_read(DOCTOR_ROOT "/sys/kernel/security/lockdown", text,
			sizeof(text)) > 0 && !strstr(text, "[none]"))
		return "lockdown";
	return NULL;
}

static void check_signature(struct doctor *d, const char *path)
{
	const char *by = enforced_by();
	char taint[16];
	int sign;

	if (doctor_read(LOADED "/taint", taint, sizeof(taint)) >= 0)
		sign = !strchr(taint, 'E');
	else
		sign = path ? is_signed(path) : -1;
	if (!by) {
		doctor_say(d, "signature", DOCTOR_OK,
			   "%s; this kernel takes both",
			   sign > 0 ? "signed" : sign ? "not known" : "unsigned");
	} else if (sign > 0) {
		doctor_say(d, "signature", DOCTOR_OK, "signed, as %s demands",
			   by);
	} else if (sign < 0) {
		doctor_say(d, "signature", DOCTOR_NOTE,
			   "%s demands one, and the module is compressed: not seen",
			   by);
		doctor_advise(d, "if it does not load, see docs/secure-boot.md");
	} else {
		doctor_say(d, "signature", DOCTOR_TODO,
			   "unsigned, and %s refuses such modules", by);
		doctor_advise(d, "sign it, and enroll the key: docs/secure-boot.md");
	}
}

static void check_loaded(struct doctor *d, bool installed)
{
	char version[64];

	if (access(LOADED, F_OK)) {
		doctor_say(d, "loaded", DOCTOR_TODO, "xen_thaw is not loaded");
		doctor_advise(d, "%s", installed ? "modprobe xen_thaw" :
			      "first install it");
	} else if (doctor_read(LOADED "/version", version,
			       sizeof(version)) < 0 ||
		   strcmp(version, XEN_THAW_VERSION_STRING)) {
		doctor_say(d, "loaded", DOCTOR_TODO,
			   "the module is of version %s, and this command of "
			   XEN_THAW_VERSION_STRING,
			   version[0] ? version : "0.1 or older");
		doctor_advise(d, "when no restore runs: modprobe -r xen_thaw; modprobe xen_thaw");
	} else {
		doctor_say(d, "loaded", DOCTOR_OK, "version %s", version);
	}
}

static void check_answer(struct doctor *d, int fd)
{
	struct xen_thaw_query query = { .size = sizeof(query) };

	if (ioctl(fd, XEN_THAW_QUERY, &query))
		doctor_say(d, "device", DOCTOR_TODO,
			   THAW_DEVICE " does not answer: %s", strerror(errno));
	else if (query.version < XEN_THAW_VERSION)
		doctor_say(d, "device", DOCTOR_TODO,
			   THAW_DEVICE " has version %u of its calls, not %u",
			   query.version, XEN_THAW_VERSION);
	else
		doctor_say(d, "device", DOCTOR_OK,
			   THAW_DEVICE ", version %u of its calls",
			   query.version);
	if (d->line[d->nr - 1].state == DOCTOR_TODO)
		doctor_advise(d, "reload xen_thaw");
}

static void check_device(struct doctor *d)
{
	int fd = open(THAW_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd >= 0) {
		check_answer(d, fd);
		close(fd);
	} else if (errno == EACCES || errno == EPERM) {
		doctor_say(d, "device", DOCTOR_NOTE,
			   THAW_DEVICE ": only root may open it");
		doctor_advise(d, "run xen-thaw doctor as root");
	} else {
		doctor_say(d, "device", DOCTOR_TODO, THAW_DEVICE ": %s",
			   strerror(errno));
		doctor_advise(d, "load the module");
	}
}

void doctor_check_module(struct doctor *d)
{
	char path[PATH_MAX];
	struct utsname uts;
	bool installed;

	uname(&uts);
	installed = !find_module(uts.release, path);
	if (installed) {
		doctor_say(d, "module", DOCTOR_OK, "%s", path);
	} else {
		doctor_say(d, "module", access(LOADED, F_OK) ? DOCTOR_TODO :
			   DOCTOR_NOTE,
			   "not installed for this kernel, Linux %s",
			   uts.release);
		doctor_advise(d, "install the package xen-thaw-dkms and linux-headers-%s; or: make dkms-install",
			      uts.release);
	}
	if (installed || !access(LOADED, F_OK))
		check_signature(d, installed ? path : NULL);
	check_loaded(d, installed);
	check_device(d);
}
