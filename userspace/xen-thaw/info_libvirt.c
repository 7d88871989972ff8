// SPDX-License-Identifier: GPL-2.0

#include <expat.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "info.h"
#include "info_libvirt.h"

/**
 * struct parse - what is known at a place in the XML
 * @info: gets what the XML says
 * @path: names of the open elements, each after a slash
 * @deeper: open elements that @path has no room for
 * @kib: no other unit was named for the number in @text
 * @text: between the tags of the innermost element
 * @len: bytes of @text; one more than it has room for if it is too long
 */
struct parse {
	struct info *info;
	char path[64];
	unsigned int deeper;
	bool kib;
	char text[256];
	size_t len;
};

static void start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct parse *p = arg;
	size_t used = strlen(p->path), len = strlen(name);

	p->len = 0;
	p->kib = true;
	if (p->deeper || used + 1 + len >= sizeof(p->path)) {
		p->deeper++;
		return;
	}
	p->path[used] = '/';
	memcpy(p->path + used + 1, name, len + 1);
	for (; *attributes; attributes += 2)
		if (!strcmp(attributes[0], "unit"))
			p->kib = !strcmp(attributes[1], "KiB");
}

static void text(void *arg, const XML_Char *bytes, int len)
{
	struct parse *p = arg;

	if (p->len + (size_t)len >= sizeof(p->text)) {
		p->len = sizeof(p->text);
		return;
	}
	memcpy(p->text + p->len, bytes, (size_t)len);
	p->len += (size_t)len;
}

/* The first value counts. */
static void take_string(char **to, const char *value)
{
	if (!*to)
		*to = strdup(value);
}

static void take_number(uint64_t *to, const char *value)
{
	char *end;
	uint64_t number = strtoull(value, &end, 10);

	if (!*to && *value >= '0' && *value <= '9' && !*end)
		*to = number;
}

/* As libxlDomainDefPostParse() and virDomainOSType name them. */
static const char *guest_type(const char *os_type)
{
	static const struct {
		const char *os, *type;
	} types[] = {
		{ "hvm", "hvm" }, { "linux", "pv" }, { "xen", "pv" },
		{ "xenpvh", "pvh" },
	};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (!strcmp(os_type, types[i].os))
			return types[i].type;
	return NULL;
}

static void take(struct parse *p)
{
	struct info *info = p->info;
	const char *type;

	if (!strcmp(p->path, "/domain/name")) {
		take_string(&info->name, p->text);
	} else if (!strcmp(p->path, "/domain/uuid")) {
		take_string(&info->uuid, p->text);
	} else if (!strcmp(p->path, "/domain/vcpu")) {
		take_number(&info->vcpus, p->text);
	} else if (!strcmp(p->path, "/domain/os/type")) {
		type = guest_type(p->text);
		if (type)
			take_string(&info->type, type);
	} else if (!strcmp(p->path, "/domain/memory") && p->kib) {
		take_number(&info->max_memory_kib, p->text);
	} else if (!strcmp(p->path, "/domain/currentMemory") && p->kib) {
		take_number(&info->memory_kib, p->text);
	}
}

static void end(void *arg, const XML_Char *name)
{
	struct parse *p = arg;

	(void)name;
	if (p->deeper) {
		p->deeper--;
	} else {
		if (p->len < sizeof(p->text)) {
			p->text[p->len] = '\0';
			take(p);
		}
		*strrchr(p->path, '/') = '\0';
	}
	p->len = 0;
}

void info_read_libvirt(struct info *info, const char *xml)
{
	struct parse p = { .info = info };
	XML_Parser parser = XML_ParserCreate(NULL);

	if (!parser)
		return;
	XML_SetUserData(parser, &p);
	XML_SetElementHandler(parser, start, end);
	XML_SetCharacterDataHandler(parser, text);
	/* What comes before an error is as good as the rest. */
	XML_Parse(parser, xml, (int)strlen(xml), 1);
	XML_ParserFree(parser);
	/* libvirt leaves it out if it is the same. */
	if (!info->memory_kib)
		info->memory_kib = info->max_memory_kib;
}
