// SPDX-License-Identifier: GPL-2.0
/* The device node: who may open it, and what unknown calls and a removal of the module do. */

#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "thaw_test.h"

#define NOBODY	65534

FIXTURE(device) {
	int dev;
};

FIXTURE_SETUP(device)
{
	OPEN_THAW(self->dev);
}

FIXTURE_TEARDOWN(device)
{
	close(self->dev);
}

/* Opens the device in a child that has called prepare(). Return: 0 or the errno. */
static int open_after(int (*prepare)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (prepare())
			_exit(255);
		_exit(open(XEN_THAW_DEVICE, O_RDWR) < 0 ? errno : 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static int keep_all(void)
{
	return 0;
}

static int become_nobody(void)
{
	return setgid(NOBODY) || setuid(NOBODY);
}

static int drop_sys_admin(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data))
		return -1;
	data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective &= ~CAP_TO_MASK(CAP_SYS_ADMIN);
	return syscall(SYS_capset, &header, data);
}

TEST_F(device, mode)
{
	struct stat st;

	ASSERT_EQ(0, fstat(self->dev, &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(0600, st.st_mode & 07777);
	EXPECT_EQ(0, st.st_uid);
}

TEST_F(device, root_opens)
{
	EXPECT_EQ(0, open_after(keep_all));
}

TEST_F(device, other_users_refused)
{
	EXPECT_EQ(EACCES, open_after(become_nobody));
}

TEST_F(device, root_without_sys_admin_refused)
{
	EXPECT_EQ(EPERM, open_after(drop_sys_admin));
}

TEST_F(device, unknown_calls)
{
	static const unsigned long calls[] = {
		0, ~0U,
		_IO(XEN_THAW_IOC, 2), _IO(XEN_THAW_IOC, 255),
		_IO(XEN_THAW_IOC + 1, 0), _IO(XEN_THAW_IOC - 1, 1),
		/* Our calls are _IO(): the size is in the struct. */
		_IOR(XEN_THAW_IOC, 0, struct xen_thaw_query),
		_IOWR(XEN_THAW_IOC, 1, struct xen_thaw_fill),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		EXPECT_EQ(ENOTTY, thaw_ioctl(self->dev, calls[i], NULL)) {
			TH_LOG("call %#lx", calls[i]);
		}
}

TEST_F(device, read_write_refused)
{
	char byte = 0;

	EXPECT_EQ(-1, read(self->dev, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->dev, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(device, module_stays_while_open)
{
	struct stat st;

	ASSERT_EQ(-1, syscall(SYS_delete_module, "xen_thaw", O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	EXPECT_EQ(0, stat("/sys/module/xen_thaw", &st));
	/* The device still works. */
	EXPECT_EQ(0, open_after(keep_all));
}

TEST_HARNESS_MAIN
