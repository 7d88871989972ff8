// SPDX-License-Identifier: GPL-2.0
/*
 * limits memcpy|movs|read FILE: measures how fast the bytes of FILE can be copied.
 * FILE is in the page cache. Prints a line of JSON.
 *
 * memcpy and movs copy from a shared mapping to anonymous memory, page by page.
 * All pages were touched before. memcpy uses the C library's loop, movs the one
 * instruction with which Xen and Linux copy pages. read does the same as cat.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#define PAGE		((size_t)4096)
/* Written over and over again; larger than any processor's cache. */
#define TARGET_SIZE	((size_t)256 << 20)
/* If their distance is a power of two, qemu's TLB holds only one of two pages. */
#define SKEW		(37 * PAGE)
#define READ_SIZE	((size_t)128 << 10)

typedef void copy_page(void *to, const void *from);

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void copy_by_memcpy(void *to, const void *from)
{
	memcpy(to, from, PAGE);
}

static void copy_by_movs(void *to, const void *from)
{
	unsigned long n = PAGE / sizeof(uint64_t);

	asm volatile("rep movsq"
		     : "+D" (to), "+S" (from), "+c" (n) : : "memory");
}

static double copy(int fd, size_t size, copy_page *copy_page)
{
	size_t target = size < TARGET_SIZE ? size : TARGET_SIZE;
	uint8_t *from, *to;
	double start;
	size_t at;

	from = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	to = mmap(NULL, target + SKEW, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (from == MAP_FAILED || to == MAP_FAILED)
		err(1, "mmap");

	start = now();
	for (at = 0; at < size; at += PAGE)
		copy_page(to + at % target, from + at);
	return now() - start;
}

static double read_all(int fd, size_t size)
{
	static uint8_t buf[READ_SIZE];
	double start = now();
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, buf, sizeof(buf), done);

		if (n <= 0)
			err(1, "read");
		done += n;
	}
	return now() - start;
}

static void print_json(double seconds, size_t bytes)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "seconds", json_object_new_double(seconds));
	json_object_object_add(o, "bytes", json_object_new_uint64(bytes));
	puts(json_object_to_json_string(o));
	json_object_put(o);
}

int main(int argc, char **argv)
{
	double seconds;
	struct stat st;
	size_t size;
	int fd;

	if (argc != 3)
		errx(2, "usage: limits memcpy|movs|read FILE");
	fd = open(argv[2], O_RDONLY);
	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", argv[2]);
	size = st.st_size / PAGE * PAGE;
	if (!size)
		errx(1, "%s: not even a page", argv[2]);

	if (!strcmp(argv[1], "memcpy"))
		seconds = copy(fd, size, copy_by_memcpy);
	else if (!strcmp(argv[1], "movs"))
		seconds = copy(fd, size, copy_by_movs);
	else if (!strcmp(argv[1], "read"))
		seconds = read_all(fd, size);
	else
		errx(2, "%s: no such limit", argv[1]);
	print_json(seconds, size);
	return 0;
}
