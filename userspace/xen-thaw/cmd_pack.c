// SPDX-License-Identifier: GPL-2.0
/* xen-thaw pack: a save file that restores fast. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "file.h"
#include "message.h"
#include "pack.h"
#include "newfile.h"
#include "output.h"
#include "progress.h"

static const char help[] =
	"usage: xen-thaw pack [OPTION]... IN OUT\n"
	"\n"
	"Writes the save file IN anew as OUT: page data is aligned to pages of the file,\n"
	"zero pages are holes. xl restore takes OUT as it takes IN. IN is not changed.\n"
	"\n"
	"  -f, --force         replace OUT if it exists\n"
	"  -n, --no-checksums  write no checksums; verify then checks only the structure\n"
	"  -q, --quiet         do not print the sizes of IN and OUT\n"
	"  -h, --help          show this text\n"
	"\n"
	"Exit codes: 0 done, 1 it failed and there is no new OUT (unless the message says\n"
	"so), 2 wrong arguments.\n";

/**
 * struct request - what the command line asks for
 * @force: replace OUT
 * @quiet: print nothing
 * @job: with the names of the files, and whether to write checksums
 */
struct request {
	bool force;
	bool quiet;
	struct pack_job job;
};

static void print_sizes(const struct stat *st)
{
	struct size_text s;

	printf("%s", output_size(&s, (uint64_t)st->st_size));
	/* A block device has none. */
	if (S_ISREG(st->st_mode))
		printf(" (%s on disk)",
		       output_size(&s, (uint64_t)st->st_blocks * 512));
}

static void print_result(const struct pack_job *job, const struct stat *in,
			 const struct stat *out, double seconds)
{
	output_plain(job->in_name);
	printf(": ");
	print_sizes(in);
	printf("\n");
	output_plain(job->out_name);
	printf(": ");
	print_sizes(out);
	printf(", packed in %.1f s\n", seconds);
}

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

static int pack_to(struct request *r)
{
	struct pack_job *job = &r->job;
	struct newfile out;
	struct stat in, packed;
	double start = clock_now();

	if (fstat(job->in_fd, &in)) {
		message("%s: %s", job->in_name, strerror(errno));
		return -1;
	}
	if (newfile_open(&out, job->out_name, r->force, &in)) {
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
	if (!r->quiet && !stat(job->out_name, &packed))
		print_result(job, &in, &packed, clock_now() - start);
	return 0;
}

static int pack(struct request *r)
{
	int ret;

	r->job.in_fd = open(r->job.in_name, O_RDONLY | O_CLOEXEC);
	if (r->job.in_fd < 0) {
		message("%s: %s", r->job.in_name, strerror(errno));
		return EXIT_FAILED;
	}
	command_show_progress();
	progress_title("packing");
	/* A limit on the size of files is an error like any other. */
	signal(SIGXFSZ, SIG_IGN);
	ret = pack_to(r);
	close(r->job.in_fd);
	return ret ? EXIT_FAILED : EXIT_OK;
}

static void take(void *arg, int option)
{
	struct request *r = arg;

	switch (option) {
	case 'f':
		r->force = true;
		break;
	case 'n':
		r->job.sums = false;
		break;
	case 'q':
		r->quiet = true;
	}
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "no-checksums", no_argument, NULL, 'n' },
		{ "quiet", no_argument, NULL, 'q' },
		{ 0 }
	};
	static const char * const operands[] = { "IN", "OUT", NULL };
	static const struct syntax syntax = { "fhnq", options, take, operands };
	struct request r = { .job.sums = true };
	int ret = command_parse(&command_pack, argc, argv, &syntax, &r);

	if (ret != GO_ON)
		return ret;
	r.job.in_name = argv[argc - 2];
	r.job.out_name = argv[argc - 1];
	return pack(&r);
}

const struct command command_pack = {
	.name = "pack",
	.summary = "write a save file anew, so that it restores fast",
	.help = help,
	.run = run,
};
