// SPDX-License-Identifier: GPL-2.0
/* info_libvirt.c: what the XML of libvirt says of a guest. */
#include "kselftest_harness.h"

#include <stdlib.h>
#include <string.h>

#include "info.h"
#include "info_libvirt.h"

FIXTURE(info_libvirt)
{
	struct info info;
};

FIXTURE_SETUP(info_libvirt)
{
	memset(&self->info, 0, sizeof(self->info));
}

FIXTURE_TEARDOWN(info_libvirt)
{
	free(self->info.name);
	free(self->info.uuid);
	free(self->info.type);
}

TEST_F(info_libvirt, whole)
{
	info_read_libvirt(&self->info,
			  "<?xml version='1.0'?>\n<domain type='xen' id='3'>\n"
			  "<name>a &lt; b</name><uuid>u-1</uuid>\n"
			  "<memory unit='KiB'>2048</memory>\n"
			  "<currentMemory unit='KiB'>1024</currentMemory>\n"
			  "<vcpu placement='static'>4</vcpu>\n"
			  "<os><type arch='x86_64' machine='xenfv'>hvm</type></os>\n"
			  "<devices><disk><source name='no'/></disk></devices>\n"
			  "</domain>");
	ASSERT_NE(NULL, self->info.name);
	EXPECT_STREQ("a < b", self->info.name);
	ASSERT_NE(NULL, self->info.uuid);
	EXPECT_STREQ("u-1", self->info.uuid);
	ASSERT_NE(NULL, self->info.type);
	EXPECT_STREQ("hvm", self->info.type);
	EXPECT_EQ(4, self->info.vcpus);
	EXPECT_EQ(1024, self->info.memory_kib);
	EXPECT_EQ(2048, self->info.max_memory_kib);
}

TEST_F(info_libvirt, types)
{
	static const char * const types[][2] = {
		{ "linux", "pv" }, { "xen", "pv" }, { "xenpvh", "pvh" },
		{ "hvm", "hvm" },
	};
	char xml[128];
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(*types); i++) {
		sprintf(xml, "<domain><os><type>%s</type></os></domain>",
			types[i][0]);
		info_read_libvirt(&self->info, xml);
		ASSERT_NE(NULL, self->info.type);
		EXPECT_STREQ(types[i][1], self->info.type);
		free(self->info.type);
		self->info.type = NULL;
	}
	info_read_libvirt(&self->info, "<domain><os><type>exe</type></os></domain>");
	EXPECT_EQ(NULL, self->info.type);
}

TEST_F(info_libvirt, one_memory)
{
	info_read_libvirt(&self->info, "<domain><memory>4096</memory></domain>");
	EXPECT_EQ(4096, self->info.memory_kib);
	EXPECT_EQ(4096, self->info.max_memory_kib);
}

/* A value that is not understood is left out, never guessed. */
TEST_F(info_libvirt, not_understood)
{
	char xml[1024] = "<domain><name>";

	info_read_libvirt(&self->info,
			  "<domain><memory unit='MiB'>1</memory>\n"
			  "<currentMemory unit='KiB'>-1</currentMemory>\n"
			  "<vcpu>2 or 3</vcpu><vcpu/></domain>");
	info_read_libvirt(&self->info, "<memory>5</memory>");
	info_read_libvirt(&self->info, "<a><domain><memory>5</memory></domain></a>");
	info_read_libvirt(&self->info, "");
	EXPECT_EQ(0, self->info.memory_kib);
	EXPECT_EQ(0, self->info.max_memory_kib);
	EXPECT_EQ(0, self->info.vcpus);

	memset(xml + strlen(xml), 'n', 256);
	strcat(xml, "</name></domain>");
	info_read_libvirt(&self->info, xml);
	EXPECT_EQ(NULL, self->info.name);
}

TEST_F(info_libvirt, first_counts)
{
	info_read_libvirt(&self->info,
			  "<domain><name>first</name><name>second</name>\n"
			  "<vcpu>1</vcpu><vcpu>2</vcpu></domain>");
	EXPECT_STREQ("first", self->info.name);
	EXPECT_EQ(1, self->info.vcpus);
}

/* Deep nesting, long names of elements, and an end that is missing. */
TEST_F(info_libvirt, hostile)
{
	size_t depth = 20000, i;
	char *xml = calloc(depth + 1, 16), *to = xml;

	ASSERT_NE(NULL, xml);
	to += sprintf(to, "<domain>");
	for (i = 0; i < depth; i++)
		to += sprintf(to, "<name>");
	to += sprintf(to, "deep");
	for (i = 0; i < depth; i++)
		to += sprintf(to, "</name>");
	sprintf(to, "<name>shallow</name>");
	info_read_libvirt(&self->info, xml);
	ASSERT_NE(NULL, self->info.name);
	EXPECT_STREQ("", self->info.name);

	memset(xml, 'x', depth);
	xml[0] = '<';
	sprintf(xml + depth, "><name>no</name>");
	info_read_libvirt(&self->info, xml);
	EXPECT_STREQ("", self->info.name);
	free(xml);
}

/* Ten entities of ten entities each: 10^9 characters. */
TEST_F(info_libvirt, entities)
{
	char xml[2048], *to = xml;
	char name = 'a';

	to += sprintf(to, "<!DOCTYPE x [<!ENTITY a \"ha\">");
	for (; name < 'j'; name++) {
		int i;

		to += sprintf(to, "<!ENTITY %c \"", name + 1);
		for (i = 0; i < 10; i++)
			to += sprintf(to, "&%c;", name);
		to += sprintf(to, "\">");
	}
	sprintf(to, "]><domain><name>&j;</name><vcpu>1</vcpu></domain>");
	info_read_libvirt(&self->info, xml);
	EXPECT_EQ(NULL, self->info.name);
	EXPECT_EQ(0, self->info.vcpus);
}

TEST_HARNESS_MAIN
