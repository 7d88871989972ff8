#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in dom0 (run-dom0 --hvm --loader). Guests whose kernel a boot loader takes from their disk:
# GRUB as a PVH and as a PV guest ("pvgrub"), and pygrub in dom0. What the loader left in the
# guest's memory is restored as by stock.

# shellcheck source=selftests/e2e/common.sh
. /root/common.sh
# shellcheck source=selftests/e2e/devices.sh
. /root/devices.sh

image=/tmp/guest.save
saved=/tmp/saved.save
disk=/tmp/disk.img
grub=/usr/lib/grub-xen

# make_disk KERNEL ARGUMENTS: with GRUB's configuration, which starts the kernel with these.
# pygrub wants the name of the entry in quotes.
make_disk()
{
	rm -rf /tmp/disk $disk
	mkdir -p /tmp/disk/boot/grub && cp "$1" /tmp/disk/boot/kernel &&
		cp /guest/initrd /tmp/disk/boot/initrd || return
	cat >/tmp/disk/boot/grub/grub.cfg <<-END
		set default=0
		set timeout=0
		menuentry 'guest' {
			linux /boot/kernel $2
			initrd /boot/initrd
		}
	END
	mke2fs -q -t ext2 -d /tmp/disk $disk 160M && rm -r /tmp/disk
}

# configure LOADER KIND KERNEL LINE: writes /guest/LOADER.cfg, that of KIND, with LINE in place of
# the kernel, which goes to the disk
configure()
{
	arguments=$(sed -n 's/^extra = "\(.*\)fill=.*"/\1fill=8/p' "/guest/$2.cfg")
	{
		grep -v '^kernel\|^ramdisk\|^extra' "/guest/$2.cfg"
		printf '%s\n' "$4" "disk = [ \"format=raw,vdev=xvda,access=ro,target=$disk\" ]"
	} >"/guest/$1.cfg"
	make_disk "$3" "$arguments"
}

# The saved guest keeps its memory. GRUB leaves the p2m that Xen made in the guest's memory, with
# machine frames of then. If a restored guest had these, frames would take the page for its p2m.
start_and_save()
{
	guest_start "$1" guest 128 8 && remember_md5 guest && xl save -c guest $image &&
		xl pause guest && xl rename guest saved
}

# saved_by_us KIND
saved_by_us()
{
	restore module $image && goes_on guest && xl_thaw save guest $saved &&
		stock_reference "$1" $saved /tmp/frames.saved 30000 &&
		restores_as_stock module $saved /tmp/frames.saved
}

# started_by LOADER KIND KERNEL LINE
started_by()
{
	test_it configure "$@"
	test_it start_and_save "$1"
	test_it stock_reference "$2" $image /tmp/frames.ref 30000
	for engine in module mmapbatch gntdev; do
		test_it restores_as_stock $engine $image
	done
	test_it saved_by_us "$2"
	test_it guest_destroy saved
}

free_before=$(host_free_mem)
test_it install_hotplug
# As a PVH guest, GRUB starts Linux as the firmware of a PC does: no ELF file.
started_by grub-pvh pvh /guest/bzImage "kernel = \"$grub/grub-i386-xen_pvh.bin\""
started_by grub-pv pv /guest/vmlinuz "kernel = \"$grub/grub-x86_64-xen.bin\""
started_by pygrub-pvh pvh /guest/vmlinuz 'bootloader = "pygrub"; bootloader_args = [ "-q" ]'
test_it wait_for 30 free_mem_is "$free_before"
finish
