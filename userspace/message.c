// SPDX-License-Identifier: GPL-2.0

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "message.h"
#include "progress.h"

void message(const char *fmt, ...)
{
	va_list ap;
	char text[1024];

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	progress_clear();
	/* One write: the child may be writing to the same stderr. */
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
}
