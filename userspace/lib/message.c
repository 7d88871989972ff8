// SPDX-License-Identifier: GPL-2.0

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "message.h"
#include "progress.h"

void message(const char *fmt, ...)
{
	/* Room for a path of PATH_MAX and what is wrong with it. */
	char text[5120];
	va_list ap;
	char *c;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* A file's name may hold anything; the message stays one line. */
	for (c = text; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	progress_clear();
	/* One write: the child may be writing to the same stderr. */
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
}
