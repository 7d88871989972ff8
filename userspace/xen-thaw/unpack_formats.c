// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "unpack.h"

/* Memory that a file may demand; xz -9 needs 65 MiB. */
#define XZ_MEMORY	(UINT64_C(256) << 20)

static void advance(struct unpack_io *io, size_t in, size_t out)
{
	io->in += in;
	io->in_size -= in;
	io->out += out;
	io->out_size -= out;
}

/**
 * struct gzip - a file of gzip members
 * @z: of zlib
 * @ended: a member has ended
 */
struct gzip {
	z_stream z;
	bool ended;
};

static void *gzip_open(void)
{
	struct gzip *g = calloc(1, sizeof(*g));

	/* 16: with gzip's header and checksum */
	if (g && inflateInit2(&g->z, 16 + MAX_WBITS) != Z_OK) {
		free(g);
		g = NULL;
	}
	return g;
}

static int gzip_step(void *state, struct unpack_io *io)
{
	struct gzip *g = state;
	int ret;

	if (g->ended) {
		if (!io->in_size)
			return 1;
		inflateReset(&g->z);
		g->ended = false;
	}
	/* zlib does not write there. */
	g->z.next_in = (Bytef *)io->in;
	g->z.avail_in = (uInt)io->in_size;
	g->z.next_out = io->out;
	g->z.avail_out = (uInt)io->out_size;
	ret = inflate(&g->z, Z_NO_FLUSH);
	advance(io, io->in_size - g->z.avail_in, io->out_size - g->z.avail_out);
	g->ended = ret == Z_STREAM_END;
	if (g->ended)
		return 1;
	if (ret == Z_OK || ret == Z_BUF_ERROR)
		return 0;
	io->error = g->z.msg ? g->z.msg : zError(ret);
	return -1;
}

static void gzip_close(void *state)
{
	struct gzip *g = state;

	inflateEnd(&g->z);
	free(g);
}

static void *xz_open(void)
{
	lzma_stream *x = calloc(1, sizeof(*x));

	if (x && lzma_stream_decoder(x, XZ_MEMORY, LZMA_CONCATENATED) != LZMA_OK) {
		free(x);
		x = NULL;
	}
	return x;
}

static const char *xz_error(lzma_ret ret)
{
	switch (ret) {
	case LZMA_MEM_ERROR:
		return "no memory";
	case LZMA_MEMLIMIT_ERROR:
		return "it demands more than 256 MiB of memory";
	case LZMA_OPTIONS_ERROR:
		return "liblzma does not support its options";
	default:
		return "its contents are not right";
	}
}

static int xz_step(void *state, struct unpack_io *io)
{
	lzma_stream *x = state;
	lzma_ret ret;

	x->next_in = io->in;
	x->avail_in = io->in_size;
	x->next_out = io->out;
	x->avail_out = io->out_size;
	ret = lzma_code(x, io->last ? LZMA_FINISH : LZMA_RUN);
	advance(io, io->in_size - x->avail_in, io->out_size - x->avail_out);
	if (ret == LZMA_STREAM_END)
		return 1;
	if (ret == LZMA_OK || ret == LZMA_BUF_ERROR)
		return 0;
	io->error = xz_error(ret);
	return -1;
}

static void xz_close(void *state)
{
	lzma_end(state);
	free(state);
}

static void *zstd_open(void)
{
	return ZSTD_createDCtx();
}

static int zstd_step(void *state, struct unpack_io *io)
{
	ZSTD_inBuffer in = { io->in, io->in_size, 0 };
	ZSTD_outBuffer out = { io->out, io->out_size, 0 };
	size_t ret = ZSTD_decompressStream(state, &out, &in);

	advance(io, in.pos, out.pos);
	if (!ZSTD_isError(ret))
		return !ret;
	io->error = ZSTD_getErrorName(ret);
	return -1;
}

static void zstd_close(void *state)
{
	ZSTD_freeDCtx(state);
}

static void *lz4_open(void)
{
	LZ4F_dctx *d;

	return LZ4F_isError(LZ4F_createDecompressionContext(&d, LZ4F_VERSION)) ?
		NULL : d;
}

static int lz4_step(void *state, struct unpack_io *io)
{
	size_t in = io->in_size, out = io->out_size;
	size_t ret = LZ4F_decompress(state, io->out, &out, io->in, &in, NULL);

	if (LZ4F_isError(ret)) {
		io->error = LZ4F_getErrorName(ret);
		return -1;
	}
	advance(io, in, out);
	return !ret;
}

static void lz4_close(void *state)
{
	LZ4F_freeDecompressionContext(state);
}

const struct unpack_format unpack_formats[] = {
	{ "gzip", "\x1f\x8b", 2, gzip_open, gzip_step, gzip_close },
	{ "xz", "\3757zXZ", 6, xz_open, xz_step, xz_close },
	{ "zstd", "\x28\xb5\x2f\xfd", 4, zstd_open, zstd_step, zstd_close },
	{ "lz4", "\x04\x22\x4d\x18", 4, lz4_open, lz4_step, lz4_close },
	{ 0 }
};
