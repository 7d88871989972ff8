# SPDX-License-Identifier: GPL-2.0
# xen-thaw: kernel module and tools. `make help` lists the targets.

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
PREFIX ?= /usr/local
DESTDIR ?=

export PREFIX DESTDIR

all: module tools

help:
	@echo 'make                     build the module and the tools'
	@echo 'make module [KDIR=DIR]   the module, for the kernel headers in DIR'
	@echo '                         (now $(KDIR))'
	@echo 'make tools               xen-thaw and xen-thaw-helper'
	@echo 'make install             install both (DESTDIR, PREFIX=$(PREFIX))'
	@echo 'make uninstall           remove what make install installed'
	@echo 'make install-hotplug     xen-thaw-hotplug in the place of two scripts of Xen'
	@echo 'make uninstall-hotplug   put the scripts back'
	@echo 'make dkms-install        install the module by DKMS [KVER=VERSION]'
	@echo 'make dist                build/dist/xen-thaw-VERSION.tar.xz'
	@echo 'make deb                 build/deb/bookworm/*.deb, and trixie [DISTRO=...]'
	@echo 'make clean               remove what was built, except build/'
	@echo 'make distclean           remove build/ as well'
	@echo
	@echo 'On any machine, in an emulated Xen (installs Debian packages):'
	@echo 'make demo                restore a guest three ways, and compare'
	@echo 'make check               all tests'
	@echo 'make fuzz                fuzz the readers of save files, FUZZ_SECONDS=60 in all'
	@echo 'make check-calls         FUZZ_CALLS=1000000 random calls of the device'
	@echo 'make check-debug         test the module on kernels with checkers'
	@echo 'make check-mutations     compare with stock on MUTATIONS=300 damaged images'
	@echo 'make check-races         kills and races, ROUNDS=50 of each'
	@echo 'make check-hotplug       disks and interfaces on every dom0, KILLS=50'
	@echo 'make check-pairs         restore an image twice at once, ROUNDS=50 times'
	@echo 'make matrix              every dom0, kernel, guest, engine, filesystem'
	@echo 'make check-all           all of these checks, for hours'
	@echo 'make bench               time all engines, and xl (up to an hour)'
	@echo 'make check-releases      Debian 13 and sid: Xen 4.20, Linux 6.12, 7.2, 7.3'
	@echo 'make shell [DISTRO=bookworm|trixie|sid] [DOM0=pv|pvh] [KERNEL=6.12] [SMP=1|2]'
	@echo '                         a root shell in a dom0 with the module loaded'

module: $(KDIR)/Makefile
	+$(MAKE) -C $(KDIR) M=$(CURDIR) modules

# This is the makefile of the headers. The rule runs only if it is missing, and says what to do.
$(KDIR)/Makefile:
	@echo 'No kernel headers in $(KDIR).' >&2
	@echo 'Install the package linux-headers-$(KVER), or name other headers:' >&2
	@echo '    make KDIR=/lib/modules/VERSION/build' >&2
	@echo 'To build the tools alone: make tools' >&2
	@exit 1

tools:
	+$(MAKE) -C userspace

install: module
	+$(MAKE) -C userspace install
	+$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_DIR=updates \
		$(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) modules_install
	install -D -m 644 uapi/xen_thaw.h \
		$(DESTDIR)$(PREFIX)/include/xen_thaw.h

# With Debian's headers, make kernelrelease prints the version of the source instead.
KRELEASE = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
	$(KDIR)/include/generated/utsrelease.h)

uninstall:
	+$(MAKE) -C userspace uninstall
	rm -f $(DESTDIR)/lib/modules/$(KRELEASE)/updates/module/xen_thaw.ko*
	rm -f $(DESTDIR)$(PREFIX)/include/xen_thaw.h
	$(if $(DESTDIR),,depmod $(KRELEASE))

install-hotplug uninstall-hotplug:
	+$(MAKE) -C userspace $@

dkms-install:
	module/dkms-install $(KVER)

clean:
	+$(MAKE) -C userspace clean
	+$(MAKE) -C selftests clean
	rm -f modules.order Module.symvers .*.cmd .module-common.o
	rm -f module/*.o module/*.ko module/*.mod module/*.mod.c
	rm -f module/modules.order module/.*.cmd module/.*.o.d

distclean: clean
	rm -rf build

dist:
	@packaging/dist

# make shell has a default; here only a release that somebody names counts.
deb:
	@selftests/ci/install-packages
	@packaging/deb $(if $(filter-out file,$(origin DISTRO)),$(DISTRO))

demo:
	@selftests/demo

check:
	@selftests/check

fuzz:
	@selftests/ci/install-packages
	@selftests/fuzz/run-fuzz

FUZZ_CALLS ?= 1000000

# make check makes fewer calls.
check-calls:
	@KSELFTESTS=uapi_fuzz FUZZ_CALLS=$(FUZZ_CALLS) selftests/check --all packages ksft \
		'module-*' tools programs emulator 'ksft-*'

check-debug:
	@selftests/check --debug

MUTATIONS ?= 300

# make check tries fewer mutations.
check-mutations:
	@MUTATIONS=$(MUTATIONS) selftests/check --all packages ksft module-6.12 tools \
		programs emulator e2e-pv-6.12-mutations

ROUNDS ?= 50

# make check tries each kind fewer times.
check-races:
	@ROUNDS=$(ROUNDS) selftests/check --all packages ksft module-6.12 tools \
		programs emulator e2e-pv-6.12-races

# make check tries one dom0, and kills nothing.
check-hotplug: KILLS ?= 50
check-hotplug:
	@KILLS=$(KILLS) selftests/check --all packages ksft 'module-*' tools \
		programs emulator 'e2e-*-hotplug*'

# make check leaves this out.
check-pairs:
	@ROUNDS=$(ROUNDS) selftests/check packages ksft 'module-*' tools \
		programs emulator 'e2e-*-pairs'

# make check restores once with each kernel.
check-releases:
	@selftests/check --all packages ksft tools programs emulator 'trixie-*' 'sid-*'

matrix:
	@selftests/check packages ksft 'module-*' tools programs emulator trixie-root \
		trixie-tools 'trixie-module-*' trixie-emulator
	@selftests/matrix

# This takes too long to run for every change.
check-all:
	@selftests/check --all
	+@$(MAKE) check-calls
	+@$(MAKE) check-debug
	+@$(MAKE) check-mutations
	+@$(MAKE) check-races
	+@$(MAKE) check-hotplug
	+@$(MAKE) check-pairs
	@selftests/matrix

bench:
	@selftests/bench/bench

DISTRO ?= bookworm
DOM0 ?= pv
KERNEL ?= 6.12
SMP ?= 1

shell:
	@DISTRO=$(DISTRO) selftests/shell --dom0 $(DOM0) --kernel $(KERNEL) --smp $(SMP)

.PHONY: all help module tools dist deb install uninstall install-hotplug uninstall-hotplug dkms-install clean distclean \
	demo check check-calls check-debug check-mutations check-races check-hotplug check-pairs \
	check-releases check-all matrix fuzz bench shell
