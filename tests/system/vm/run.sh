#!/bin/bash
# SPDX-License-Identifier: MIT
# run.sh DIR OUT SECONDS SCRIPT [NAME=VALUE ...]: boots the guest of DIR, and runs SCRIPT in it as root, in the folder OUT, which is all
# that it can write to here. OUT/console is what it said, OUT/status its exit status. Emulated (TCG): no KVM is needed.
# Kernels that the software driver compiled are kept in DIR for the next time: compiling them is most of the time in a guest.
set -eu
dir=$1 out=$2 seconds=$3 script=$4
shift 4
mkdir -p "$out"
rm -f "$out/status"
cp "$script" "$out/script.sh"
[ -f "$dir/kernels.tar" ] && cp "$dir/kernels.tar" "$out/"
{
    echo 'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8'
    echo 'export MESA_SHADER_CACHE_DIR=/run/kernels GALLIVM_PERF=nopt' # unoptimised: compiled in half the time, as fast to run here
    printf 'export GUEST_MODULES=%q\n' "$dir/root"
    for pair in "$@"; do printf 'export %s=%q\n' "${pair%%=*}" "${pair#*=}"; done
    cat <<'END'
mkdir -p /run/kernels && cd /mnt/out && { [ ! -f kernels.tar ] || tar xf kernels.tar -C /run; }
keep() { tar cf kernels.new -C /run kernels 2>/dev/null && mv kernels.new kernels.tar; }
(while sleep 60; do keep; done) &
keeper=$!
bash script.sh
echo $? >status.new
kill $keeper; wait $keeper; keep
mv status.new status; sync
echo o >/proc/sysrq-trigger; sleep 30
END
} >"$out/start.sh"
share=security_model=none,multidevs=remap
timeout -k 5 "$seconds" qemu-system-x86_64 -M q35 -accel tcg,thread=multi -cpu max -smp 2 -m 3G -nodefaults -no-user-config \
    -display none -serial stdio -no-reboot -kernel "$dir/kernel" -initrd "$dir/initrd.gz" \
    -append "console=ttyS0 quiet panic=-1 mitigations=off" \
    -fsdev "local,id=host,path=/,readonly=on,$share" -device virtio-9p-pci,fsdev=host,mount_tag=host \
    -fsdev "local,id=out,path=$out,$share" -device virtio-9p-pci,fsdev=out,mount_tag=out \
    </dev/null >"$out/console" 2>&1 || true
[ -f "$out/kernels.tar" ] && mv "$out/kernels.tar" "$dir/"
[ -f "$out/status" ] || {
    echo "the guest did not come to its end: see $out/console"
    exit 1
}
exit "$(cat "$out/status")"
