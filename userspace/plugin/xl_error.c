// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "xl_error.h"

void xl_error_text(char *text, size_t size, int errnoval, const char *format, va_list ap)
{
	size_t len;

	vsnprintf(text, size, format, ap);
	len = strlen(text);
	if (errnoval >= 0)
		snprintf(text + len, size - len, ": %s", strerror(errnoval));
}
