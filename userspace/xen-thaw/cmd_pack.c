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
#include "env.h"
#include "file.h"
#include "message.h"
#include "pack.h"
#include "newfile.h"
#include "output.h"
#include "progress.h"
#include "seekable.h"

/* Levels of zstd. Higher ones need much memory to decompress. */
#define DEFAULT_LEVEL	3U
#define MAX_LEVEL	19U

static const char help[] =
	"usage: xen-thaw pack [OPTION]... IN OUT\n"
	"\n"
	"Writes the save file IN anew as OUT: page data is aligned to pages of the file,\n"
	"zero pages are holes. xl restore takes OUT as it takes IN. IN is not changed.\n"
	"\n"
	"  -c, --compress HOW  compress OUT: zstd or zstd:LEVEL (1 to 19, default 3), in\n"
	"                      frames that xen-thaw restore unpacks by several threads\n"
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
 * @compress: value of --compress, or NULL
 * @level: of the compression
 * @quiet: print nothing
 * @job: with the names of the files, and whether to write checksums
 */
struct request {
	bool force;
	const char *compress;
	int level;
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

/* The packed file has no name, and is gone when it is compressed. */
static int write_compressed(struct request *r, const struct stat *before)
{
	struct pack_job *job = &r->job;
	int out_fd = job->out_fd, ret;
	struct newfile packed;
	unsigned int threads;
	char error[128];
	struct stat st;

	if (env_get_threads(&threads))
		return -1;
	if (newfile_open(&packed, job->out_name, true, before)) {
		message("%s: %s", job->out_name, packed.error);
		return -1;
	}
	job->out_fd = packed.fd;
	ret = write_out(job, before);
	if (!ret && fstat(packed.fd, &st)) {
		message("%s: %s", job->out_name, strerror(errno));
		ret = -1;
	}
	if (!ret && seekable_write(packed.fd, (uint64_t)st.st_size, out_fd,
				   r->level, threads, error)) {
		message("%s: %s", job->out_name, error);
		ret = -1;
	}
	newfile_abort(&packed);
	job->out_fd = out_fd;
	return ret;
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
	if (r->compress ? write_compressed(r, &in) : write_out(job, &in)) {
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
	case 'c':
		r->compress = optarg;
		break;
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

static int parse_compress(struct request *r)
{
	unsigned int level = DEFAULT_LEVEL;
	char end;

	if (!strcmp(r->compress, "zstd") ||
	    (sscanf(r->compress, "zstd:%2u%c", &level, &end) == 1 &&
	     level >= 1 && level <= MAX_LEVEL)) {
		r->level = (int)level;
		return 0;
	}
	message("--compress %s: use zstd or zstd:LEVEL, LEVEL from 1 to %u",
		r->compress, MAX_LEVEL);
	return -1;
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "compress", required_argument, NULL, 'c' },
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "no-checksums", no_argument, NULL, 'n' },
		{ "quiet", no_argument, NULL, 'q' },
		{ 0 }
	};
	static const char * const operands[] = { "IN", "OUT", NULL };
	static const struct syntax syntax = { "c:fhnq", options, take, operands };
	struct request r = { .job.sums = true };
	int ret = command_parse(&command_pack, argc, argv, &syntax, &r);

	if (ret != GO_ON)
		return ret;
	if (r.compress && parse_compress(&r))
		return command_usage(&command_pack);
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
