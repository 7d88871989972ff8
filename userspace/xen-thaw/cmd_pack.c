// SPDX-License-Identifier: GPL-2.0
/* xen-thaw pack: a save file that restores fast. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "env.h"
#include "file.h"
#include "message.h"
#include "pack.h"
#include "newfile.h"
#include "progress.h"

static const char usage[] =
	"usage: xen-thaw pack [OPTION]... IN OUT\n"
	"\n"
	"Writes the save file IN anew as OUT: page data at pages of the file, zero\n"
	"pages as holes. xl restore takes it as it takes IN. IN is not changed.\n"
	"\n"
	"  -f, --force         replace OUT if it is there\n"
	"  -n, --no-checksums  write none, so that verify can check the structure only\n"
	"  -h, --help          show this text\n"
	"\n"
	"Exit codes: 0 done; 1 it failed, and OUT is as before unless the message says\n"
	"otherwise; 2 usage.\n";

static int write_out(struct pack_job *job, const struct stat *before)
{
	if (pack_stream(job)) {
		message("%s: %s", job->culprit, job->error);
		return -1;
	}
	if (!file_is_unchanged(job->in_fd, before)) {
		message("%s: the file was changed while it was packed: pack it again when nothing writes to it",
			job->in_name);
		return -1;
	}
	if (job->nr_zero && file_got_no_hole(job->out_fd))
		message("%s: " NO_HOLES, job->out_name, job->nr_zero);
	return 0;
}

static int pack_to(struct pack_job *job, bool force)
{
	struct newfile out;
	struct stat in;

	if (fstat(job->in_fd, &in)) {
		message("%s: %s", job->in_name, strerror(errno));
		return -1;
	}
	if (newfile_open(&out, job->out_name, force, &in)) {
		message("%s: %s", job->out_name, out.error);
		return -1;
	}
	job->out_fd = out.fd;
	if (write_out(job, &in)) {
		newfile_abort(&out);
		return -1;
	}
	if (newfile_commit(&out, &in)) {
		message("%s: %s", job->out_name, out.error);
		return -1;
	}
	return 0;
}

static int pack(const char *in, const char *out, bool force, bool sums)
{
	struct pack_job job = { .in_name = in, .out_name = out, .sums = sums };
	int ret;

	job.in_fd = open(in, O_RDONLY | O_CLOEXEC);
	if (job.in_fd < 0) {
		message("%s: %s", in, strerror(errno));
		return EXIT_FAILED;
	}
	if (isatty(STDERR_FILENO))
		setenv(ENV_PROGRESS, "1", 0);
	progress_title("packing");
	/* A limit on the size of files is an error like any other. */
	signal(SIGXFSZ, SIG_IGN);
	ret = pack_to(&job, force);
	close(job.in_fd);
	return ret ? EXIT_FAILED : EXIT_OK;
}

int cmd_pack(int argc, char **argv)
{
	static const struct option options[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "no-checksums", no_argument, NULL, 'n' },
		{ 0 }
	};
	bool force = false, sums = true;
	int c;

	while ((c = getopt_long(argc, argv, "fhn", options, NULL)) != -1) {
		switch (c) {
		case 'f':
			force = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_OK;
		case 'n':
			sums = false;
			break;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind != argc - 2) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	return pack(argv[optind], argv[optind + 1], force, sums);
}
