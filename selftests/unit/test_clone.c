// SPDX-License-Identifier: GPL-2.0
/* What makes a clone another guest: names, addresses, configuration, disks. */
#include "kselftest_harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "clone_config.h"
#include "clone_names.h"
#include "clone_overlay.h"
#include "clone_snapshot.h"

/* Which way was chosen: there is no device-mapper here. */
static int snapshots;
static char snapshot_name[64];

int clone_snapshot_make(const char *name, const char *base, int store, char path[PATH_MAX])
{
	(void)base;
	(void)store;
	snapshots++;
	snprintf(snapshot_name, sizeof(snapshot_name), "%s", name);
	snprintf(path, PATH_MAX, "/dev/mapper/%s", name);
	return 0;
}

int clone_snapshot_remove(const char *name)
{
	snapshots -= !strcmp(name, snapshot_name);
	return 0;
}

TEST(patterns)
{
	static const struct {
		const char *pattern;
		const char *third;	/* name with the number 3; NULL: refused */
	} all[] = {
		{ "disp-%d", "disp-3" },
		{ "disp-%03d", "disp-003" },
		{ "%d-x", "3-x" },
		{ "one", "one" },
		{ "50%%-%d", "50%-3" },
		{ "5%%", "5%" },
		{ "", NULL },
		{ "17", NULL },
		{ "%d", NULL },
		{ "%d%d-x", NULL },
		{ "a%s", NULL },
		{ "a%", NULL },
		{ "a%0d", NULL },
		{ "a%10d", NULL },
		{ "a%-3d", NULL },
		{ "a/b", NULL },
		{ "a b", NULL },
		{ "a\033b", NULL },
	};
	char name[CLONE_NAME_MAX];
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const char *wrong = clone_name_check(all[i].pattern);

		if (!all[i].third) {
			EXPECT_NE(NULL, wrong)
				TH_LOG("%s", all[i].pattern);
			continue;
		}
		ASSERT_EQ(NULL, wrong)
			TH_LOG("%s: %s", all[i].pattern, wrong);
		EXPECT_EQ(0, clone_name_make(all[i].pattern, 3, name));
		EXPECT_STREQ(all[i].third, name);
	}
	EXPECT_TRUE(clone_name_has_number("disp-%d"));
	EXPECT_TRUE(clone_name_has_number("50%%-%03d"));
	EXPECT_FALSE(clone_name_has_number("disp-%%d"));
	EXPECT_FALSE(clone_name_has_number("disp"));
}

/* The longest name fits, one letter more does not, and nothing is written behind it. */
TEST(long_patterns)
{
	struct {
		char name[CLONE_NAME_MAX];
		char behind;
	} s = { .behind = 'x' };
	char pattern[2 * CLONE_NAME_MAX];
	size_t len;

	for (len = 1; len < sizeof(pattern); len++) {
		memset(pattern, 'a', len);
		pattern[len] = '\0';
		EXPECT_EQ(len < CLONE_NAME_MAX ? 0 : -1, clone_name_make(pattern, 1, s.name));
		EXPECT_EQ(len < CLONE_NAME_MAX, !clone_name_check(pattern));
		if (len > 2) {
			memcpy(pattern + len - 2, "%d", 2);
			EXPECT_EQ(len - 2 + 10 < CLONE_NAME_MAX, !clone_name_check(pattern));
			clone_name_make(pattern, UINT32_MAX, s.name);
		}
		EXPECT_EQ('x', s.behind);
	}
}

TEST(addresses)
{
	char text[CLONE_MAC_SIZE], uuid[CLONE_UUID_SIZE], other[CLONE_UUID_SIZE];
	uint8_t mac[6], all = 0;
	int i;

	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, clone_mac_random(mac));
		EXPECT_EQ(0, memcmp(mac, "\x00\x16\x3e", 3));
		all |= mac[3];
	}
	EXPECT_EQ(0x7f, all);
	clone_mac_print((const uint8_t *)"\x00\x16\x3e\x01\xab\xff", text);
	EXPECT_STREQ("00:16:3e:01:ab:ff", text);

	ASSERT_EQ(0, clone_uuid_random(uuid));
	ASSERT_EQ(0, clone_uuid_random(other));
	EXPECT_STRNE(uuid, other);
	EXPECT_EQ(CLONE_UUID_SIZE - 1, strlen(uuid));
	EXPECT_EQ('4', uuid[14]);
	EXPECT_NE(NULL, strchr("89ab", uuid[19]));
}

#define CONFIG \
	"{\"c_info\":{\"type\":\"hvm\",\"name\":\"old\",\"domid\":7," \
	"\"uuid\":\"00000000-0000-4000-8000-000000000001\"}," \
	"\"b_info\":{\"type.hvm\":{\"ms_vm_genid\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}}," \
	"\"disks\":[{\"pdev_path\":\"/a.img\",\"vdev\":\"xvda\",\"format\":\"raw\",\"readwrite\":1}," \
	"{\"pdev_path\":\"/b.iso\",\"vdev\":\"xvdb\",\"format\":\"raw\",\"is_cdrom\":1}," \
	"{\"vdev\":\"xvdc\",\"readwrite\":1}]," \
	"\"nics\":[{\"devid\":0,\"mac\":\"00:16:3e:00:00:01\",\"ifname\":\"vif-old\"}," \
	"{\"devid\":1,\"mac\":\"00:16:3e:00:00:02\"}]," \
	"\"on_reboot\":\"restart\"}"

FIXTURE(config)
{
	struct clone_config c;
	struct clone_identity id;
	struct json_object *made;
};

FIXTURE_SETUP(config)
{
	memset(self, 0, sizeof(*self));
	strcpy(self->id.name, "disp-1");
	strcpy(self->id.uuid, "11111111-2222-4333-8444-555555555555");
	memcpy(self->id.macs[0], "\x00\x16\x3e\x10\x20\x30", 6);
	memcpy(self->id.macs[1], "\x00\x16\x3e\x11\x22\x33", 6);
	memset(self->id.genid, 200, sizeof(self->id.genid));
	self->id.paths[0] = (char *)"/a.img.clone";
}

FIXTURE_TEARDOWN(config)
{
	clone_config_free(&self->c);
	json_object_put(self->made);
}

static const char *value(struct json_object *top, const char *path)
{
	struct json_object *o = NULL;

	return json_pointer_get(top, path, &o) ? "(none)" : json_object_get_string(o);
}

TEST_F(config, identity)
{
	char *text;
	int i;

	ASSERT_EQ(0, clone_config_parse(&self->c, CONFIG, true));
	EXPECT_STREQ("old", self->c.name);
	EXPECT_EQ(2, self->c.nr_nics);
	EXPECT_EQ(3, self->c.nr_disks);
	EXPECT_TRUE(self->c.disks[0].writable);
	EXPECT_FALSE(self->c.disks[1].writable);
	EXPECT_FALSE(self->c.disks[2].writable);
	EXPECT_TRUE(self->c.genid);

	text = clone_config_make(&self->c, &self->id);
	ASSERT_NE(NULL, text);
	self->made = json_tokener_parse(text);
	EXPECT_STREQ("disp-1", value(self->made, "/c_info/name"));
	EXPECT_STREQ(self->id.uuid, value(self->made, "/c_info/uuid"));
	EXPECT_STREQ("(none)", value(self->made, "/c_info/domid"));
	EXPECT_STREQ("00:16:3e:10:20:30", value(self->made, "/nics/0/mac"));
	EXPECT_STREQ("(none)", value(self->made, "/nics/0/ifname"));
	EXPECT_STREQ("00:16:3e:11:22:33", value(self->made, "/nics/1/mac"));
	EXPECT_STREQ("/a.img.clone", value(self->made, "/disks/0/pdev_path"));
	EXPECT_STREQ("/b.iso", value(self->made, "/disks/1/pdev_path"));
	EXPECT_STREQ("restart", value(self->made, "/on_reboot"));
	for (i = 0; i < 16; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/b_info/type.hvm/ms_vm_genid/%d", i);
		EXPECT_STREQ("200", value(self->made, path));
	}
	/* The next clone has nothing of this one. */
	EXPECT_EQ(NULL, strstr(text, "old"));
	EXPECT_NE(NULL, strstr(json_object_to_json_string(self->c.json), "vif-old"));
	free(text);
}

TEST_F(config, no_genid)
{
	char *text;

	ASSERT_EQ(0, clone_config_parse(&self->c, "{\"c_info\":{\"name\":\"a\"},\"b_info\":{}}",
					true));
	EXPECT_FALSE(self->c.genid);
	text = clone_config_make(&self->c, &self->id);
	ASSERT_NE(NULL, text);
	EXPECT_EQ(NULL, strstr(text, "genid"));
	free(text);
}

FIXTURE(refused)
{
	struct clone_config c;
};

FIXTURE_SETUP(refused)
{
}

FIXTURE_TEARDOWN(refused)
{
	clone_config_free(&self->c);
}

FIXTURE_VARIANT(refused)
{
	const char *text;
	const char *error;
	bool one;	/* refused for one clone, too */
};

#define SOCKET	"\"channels\":[{\"connection.socket\":{\"path\":\"/x\"}}]"
#define OTHER	"\"disks\":[{\"vdev\":\"a\",\"pdev_path\":\"b\",\"readwrite\":1,\"backend_domid\":3}]"
#define MORE(more)	"{\"c_info\":{\"name\":\"a\"}," more "}"

FIXTURE_VARIANT_ADD(refused, no_json) { "name = \"a\"", "no JSON", true };
FIXTURE_VARIANT_ADD(refused, other_json) { "[1]", "no c_info", true };
FIXTURE_VARIANT_ADD(refused, pci) { MORE("\"pcidevs\":[{\"dev\":1}]"), "PCI device", false };
FIXTURE_VARIANT_ADD(refused, tpm) { MORE("\"vtpms\":[{}]"), "TPM", false };
FIXTURE_VARIANT_ADD(refused, socket) { MORE(SOCKET), "socket", false };
FIXTURE_VARIANT_ADD(refused, no_vdev) { MORE("\"disks\":[{}]"), "no vdev", true };
FIXTURE_VARIANT_ADD(refused, nic) { MORE("\"nics\":[1]"), "no object", true };
FIXTURE_VARIANT_ADD(refused, other_domain) { MORE(OTHER), "in another domain", true };

TEST_F(refused, for_several)
{
	ASSERT_EQ(-1, clone_config_parse(&self->c, variant->text, true));
	EXPECT_NE(NULL, strstr(self->c.error, variant->error))
		TH_LOG("%s", self->c.error);
}

TEST_F(refused, for_one)
{
	EXPECT_EQ(variant->one ? -1 : 0, clone_config_parse(&self->c, variant->text, false));
}

FIXTURE(overlay)
{
	char dir[32];
	struct clone_disk disk;
	struct clone_overlay o;
	char path[PATH_MAX];
	bool reflinks;
};

static bool can_reflink(void)
{
	int from = open("base", O_RDONLY), to = open("probe", O_RDWR | O_CREAT, 0600);
	bool can = !ioctl(to, FICLONE, from);

	close(from);
	close(to);
	unlink("probe");
	return can;
}

FIXTURE_SETUP(overlay)
{
	int fd;

	strcpy(self->dir, "/tmp/test_clone.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	ASSERT_EQ(0, chdir(self->dir));
	fd = open("base", O_RDWR | O_CREAT, 0600);
	ASSERT_EQ(4, write(fd, "base", 4));
	close(fd);
	self->disk = (struct clone_disk){ "base", "xvda", "raw", true };
	self->reflinks = can_reflink();
	snapshots = 0;
}

FIXTURE_TEARDOWN(overlay)
{
	unlink("base");
	ASSERT_EQ(0, chdir("/"));
	EXPECT_EQ(0, rmdir(self->dir))
		TH_LOG("files are left");
}

TEST_F(overlay, best_way)
{
	char *text;

	ASSERT_EQ(0, clone_overlay_plan(&self->o, &self->disk, "UUID", 2));
	EXPECT_NE(0, access("base.clone-UUID-2", F_OK));
	ASSERT_EQ(0, clone_overlay_make(&self->o, self->path));
	EXPECT_EQ(self->reflinks ? 0 : 1, snapshots);
	EXPECT_STREQ(self->reflinks ? "base.clone-UUID-2" : "/dev/mapper/xen-thaw-UUID-2",
		     self->path);
	text = clone_overlay_text(&self->o);
	EXPECT_EQ(0, clone_overlay_remove(text));
	EXPECT_EQ(0, snapshots);
	/* As clones --clean does where nothing was made yet. */
	EXPECT_EQ(0, clone_overlay_remove(text));
	free(text);
}

/* A file that is there already is somebody's. */
TEST_F(overlay, not_over_a_file)
{
	ASSERT_EQ(0, clone_overlay_plan(&self->o, &self->disk, "UUID", 0));
	ASSERT_EQ(0, link("base", "base.clone-UUID-0"));
	EXPECT_EQ(-1, clone_overlay_make(&self->o, self->path));
	EXPECT_EQ(0, snapshots);
	EXPECT_EQ(0, unlink("base.clone-UUID-0"));
}

TEST_F(overlay, only_raw_snapshots)
{
	self->disk.format = "qcow2";
	if (self->reflinks)
		SKIP(return, "this filesystem shares blocks");
	ASSERT_EQ(0, clone_overlay_plan(&self->o, &self->disk, "UUID", 0));
	EXPECT_EQ(-1, clone_overlay_make(&self->o, self->path));
	EXPECT_EQ(0, snapshots);
}

TEST_F(overlay, refused)
{
	static const char * const paths[] = { "missing", "/dev/null", "." };
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		self->disk.path = paths[i];
		EXPECT_EQ(-1, clone_overlay_plan(&self->o, &self->disk, "UUID", 0));
	}
}

TEST_HARNESS_MAIN
