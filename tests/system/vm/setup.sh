#!/bin/bash
# SPDX-License-Identifier: MIT
# setup.sh DIR: a Linux guest in DIR, out of Debian's own packages, which are unpacked there and not installed: kernel, its modules
# (vivid among them), v4l2loopback built for it, busybox, and a small initial RAM disk. No disk image: the guest shares this machine's
# root, read-only. Takes about 12 s and 600 MB. Exit status 77: a package or tool cannot be had.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
stamp=$(cat "$here/setup.sh" "$here/init" | sha256sum | cut -d' ' -f1)
if [ "$(cat "$dir/ready" 2>/dev/null)" = "$stamp" ]; then exit 0; fi
cannot() {
    echo "$1"
    exit 77
}

for tool in apt-get dpkg cpio depmod modprobe make gcc; do
    command -v $tool >/dev/null || cannot "$tool is not installed"
done
release=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/^ *Depends: linux-image-//p' | head -1)
[ -n "$release" ] || cannot "no linux-image-amd64 among apt's packages (apt-get update?)"
common=linux-headers-${release%-amd64}-common
tools=$(apt-cache depends "linux-headers-$release" | sed -n 's/^ *Depends: \(linux-kbuild-.*\|linux-compiler-gcc-.*\)/\1/p')
rm -rf "$dir/debs" "$dir/root" "$dir/loopback" "$dir/initrd" "$dir/ready"
mkdir -p "$dir/debs" "$dir/root" "$dir/initrd"/{bin,dev,proc,sys,lower,upper,root,modules}
cd "$dir/debs"
apt-get download -qq "linux-image-$release" "linux-headers-$release" "$common" $tools v4l2loopback-dkms busybox-static 2>log ||
    cannot "cannot download the guest's kernel: $(tail -1 log)"
for deb in *.deb; do dpkg -x "$deb" "$dir/root"; done
rm -f ./*.deb

# The headers name each other by absolute paths.
headers=$dir/root/usr/src/linux-headers-$release
sed -i "s# /usr/src/# $dir/root/usr/src/#" "$headers/Makefile"
cp -r "$dir"/root/usr/src/v4l2loopback-* "$dir/loopback"
make -s -C "$headers" "M=$dir/loopback" KERNELRELEASE= modules >"$dir/build.log" 2>&1 ||
    cannot "v4l2loopback cannot be built for $release: see $dir/build.log"
modules=$dir/root/lib/modules/$release
mkdir -p "$modules/extra"
cp "$dir/loopback/v4l2loopback.ko" "$modules/extra/"
depmod -b "$dir/root" "$release"

# What is needed to see this machine's root: in the order of loading.
cp "$dir/root/bin/busybox" "$dir/initrd/bin/"
cp "$here/init" "$dir/initrd/init"
chmod +x "$dir/initrd/init"
for name in virtio_pci 9pnet_virtio 9p overlay; do
    modprobe -d "$dir/root" -S "$release" --show-depends $name | sed -n 's/^insmod \([^ ]*\).*/\1/p'
done | awk '!seen[$0]++' >"$dir/order"
while read -r file; do
    cp "$file" "$dir/initrd/modules/"
    basename "$file"
done <"$dir/order" >"$dir/initrd/modules/order"
(cd "$dir/initrd" && find . | cpio -o -H newc --quiet | gzip -1) >"$dir/initrd.gz"
cp "$dir/root/boot/vmlinuz-$release" "$dir/kernel"
echo "$release" >"$dir/release"
echo "$stamp" >"$dir/ready"
