#!/bin/bash
# SPDX-License-Identifier: MIT
# run.sh DIR OUT SECONDS SCRIPT [NAME=VALUE ...]: boots the guest of DIR, and runs SCRIPT in it as root, in the folder OUT, which is all
# that it can write to here. OUT/console is what it said, OUT/status its exit status. Emulated (TCG): no KVM is needed.
set -eu
dir=$1 out=$2 seconds=$3 script=$4
shift 4
mkdir -p "$out"
rm -f "$out/status"
cp "$script" "$out/script.sh"
{
    echo 'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8'
    printf 'export GUEST_MODULES=%q\n' "$dir/root"
    for pair in "$@"; do printf 'export %s=%q\n' "${pair%%=*}" "${pair#*=}"; done
    echo 'cd /mnt/out && bash script.sh; echo $? >/mnt/out/status; sync; echo o >/proc/sysrq-trigger; sleep 30'
} >"$out/start.sh"
share=security_model=none,multidevs=remap
timeout -k 5 "$seconds" qemu-system-x86_64 -M q35 -accel tcg,thread=multi -cpu max -smp 2 -m 3G -nodefaults -no-user-config \
    -display none -serial stdio -no-reboot -kernel "$dir/kernel" -initrd "$dir/initrd.gz" \
    -append "console=ttyS0 quiet panic=-1 mitigations=off" \
    -fsdev "local,id=host,path=/,readonly=on,$share" -device virtio-9p-pci,fsdev=host,mount_tag=host \
    -fsdev "local,id=out,path=$out,$share" -device virtio-9p-pci,fsdev=out,mount_tag=out \
    </dev/null >"$out/console" 2>&1 || true
[ -f "$out/status" ] || {
    echo "the guest did not come to its end: see $out/console"
    exit 1
}
exit "$(cat "$out/status")"
