#!/bin/bash
# SPDX-License-Identifier: MIT
# The Debian packages, as a user meets them. Needs root, for a chroot; takes some 6 minutes on two cores.
#   tests/packages.sh            all of it
#   tests/packages.sh build      only that two builds give the same bytes, lintian and sizes
#   tests/packages.sh install    only a clean Debian: installed, run, with and without v4l2loopback-dkms, purged (what build left)
set -euo pipefail
tests=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$tests")
here=$top/packaging
work=${BAUTA_TEST_PACKAGES_DIR:-$top/build/packages}
root=$work/root
part=${1:-all}
. "$here/packages.sh"
began=$SECONDS
say() { printf '[%3d s] %s\n' "$((SECONDS - began))" "$*"; }
fail() { printf 'packages: %s\n' "$*" >&2; exit 1; }

two_builds() {
    # The second from the first one's source package, elsewhere, at another hour, in another language, by its own compiler runs.
    say "first build"
    sh "$here/deb.sh" "$work/one" >"$work/one.log" 2>&1 || { tail -n 30 "$work/one.log"; fail "the first build failed"; }
    say "second build, in another folder, time zone and language"
    rm -rf "$work/source" && mkdir "$work/source" && tar -x -C "$work/source" --strip-components 1 -f "$work"/one/bauta_*.tar.xz
    CCACHE_DISABLE=1 TZ=Pacific/Kiritimati LC_ALL=C LANG=C sh "$work/source/packaging/deb.sh" "$work/another-folder" >"$work/two.log" 2>&1 ||
        { tail -n 30 "$work/two.log"; fail "the second build failed"; }
    for deb in "$work"/one/*.deb "$work"/one/*.dsc "$work"/one/*.tar.*; do
        cmp "$deb" "$work/another-folder/$(basename "$deb")" || fail "two builds differ in $(basename "$deb")"
    done
    rm -rf "$work/another-folder" "$work/source"
    say "$(find "$work/one" -name '*.deb' | wc -l) packages and the source: the same bytes twice"
}

look() {
    say "lintian"
    lintian --allow-root --fail-on error,warning "$work"/one/*.changes "$work"/one/*.dsc
    for name in bauta bauta-models libbauta1 libbauta-dev; do
        [ "$(find "$work/one" -name "${name}_*.deb" | wc -l)" = 1 ] || fail "there is no package $name"
    done
    rm -rf "$work/unpacked"
    for deb in "$work"/one/{bauta,libbauta1}_*.deb; do
        dpkg -x "$deb" "$work/unpacked"
        ! dpkg -f "$deb" Depends | grep -q python || fail "$deb needs Python"
    done
    for file in "$work"/unpacked/usr/bin/bauta "$work"/unpacked/usr/lib/*/libbauta.so.1.0.0; do
        bytes=$(stat -c %s "$file")
        [ "$bytes" -le $((5 << 20)) ] || fail "$file has $bytes bytes, more than 5 MiB"
        ! grep -qaF "$work" "$file" || fail "$file knows where it was built"
        say "$(basename "$file"): $bytes bytes"
    done
}

# The rpm spec's and Debian's lists of files are one list.
compare_lists() {
    command -v rpmspec >/dev/null || { say "no rpmspec here: the lists of files are not compared"; return; }
    rpmspec -P --define '_libdir /usr/lib/LIB' --define '_udevrulesdir /usr/lib/udev/rules.d' --define '_userunitdir /usr/lib/systemd/user' \
        --define '_modprobedir /usr/lib/modprobe.d' --define '_modulesloaddir /usr/lib/modules-load.d' "$here/rpm/bauta.spec" |
        sed -n '/^%files/,/^%changelog/p' | sed -n 's/^\(%dir \)\{0,1\}\(\/.*\)/\2/p' | sort -u >"$work/spec.txt"
    for deb in "$work"/one/{bauta,bauta-models,libbauta1,libbauta-dev}_*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -t; done |
        sed -e 's/^\.//' -e '/\/$/d' -e '/^\/usr\/share\/doc\//d' -e 's#/usr/lib/[a-z0-9_]*-linux-gnu[a-z0-9]*/#/usr/lib/LIB/#' -e 's#vendor-completions#site-functions#' |
        sort -u >"$work/deb.txt"
    python3 - "$work/spec.txt" "$work/deb.txt" <<'PY'
import fnmatch, sys
spec, deb = ([line for line in open(path).read().split("\n") if line] for path in sys.argv[1:])
covers = lambda pattern, file: fnmatch.fnmatchcase(file, pattern) or file.startswith(pattern + "/")
missing = [f for f in deb if not any(covers(p, f) for p in spec)]
extra = [p for p in spec if not any(covers(p, f) for f in deb)]
if missing or extra:
    sys.exit(f"bauta.spec and debian/ differ: not in the spec {missing}; only there {extra}")
PY
    say "bauta.spec lists the same files"
}

inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
as_user() { inside setpriv --reuid 1000 --regid 1000 --clear-groups env HOME=/home/wearer "$@"; }
# put WHAT…: installs packages with all that they need. Found and fetched with this machine's apt, so that the chroot needs no network.
put() {
    local folder=$root/put
    rm -rf "$folder" && mkdir -p "$folder/partial"
    apt-get -q -o Dir::State::status="$root/var/lib/dpkg/status" -o Dir::State::extended_states=/dev/null -o Dir::Cache::archives="$folder" \
        -o Dir::Cache::pkgcache= -o APT::Sandbox::User=root -o Debug::NoLocking=1 -o APT::Keep-Downloaded-Packages=true \
        --no-install-recommends --download-only -y install "$@" >"$work/put.log" 2>&1 || { tail "$work/put.log"; fail "apt finds no $*"; }
    for file in "$@"; do case $file in /*) cp "$file" "$folder/" ;; esac; done
    (cd "$folder" && dpkg-scanpackages -m . >Packages 2>/dev/null)
    echo "deb [trusted=yes] file:/put ./" >"$folder/sources.list"
    for step in update "--no-install-recommends -y install $(for file in "$@"; do case $file in /*) dpkg-deb -f "$file" Package ;; *) echo "$file" ;; esac; done | tr '\n' ' ')"; do
        # shellcheck disable=SC2086
        inside apt-get -q -o Dir::Etc::SourceList=/put/sources.list -o Dir::Etc::SourceParts=- -o APT::Sandbox::User=root $step >"$work/put.log" 2>&1 ||
            { tail -n 30 "$work/put.log"; fail "$* could not be installed"; }
    done
    rm -rf "$folder"
}
leave() {
    for place in proc dev sys; do mountpoint -q "$root/$place" && umount -l "$root/$place"; done
    return 0
}

clean_debian() {
    if [ -n "${BAUTA_TEST_PACKAGES_ROOT_KEPT:-}" ]; then mount -t proc proc "$root/proc"; mount --bind /dev "$root/dev"; trap leave EXIT; return; fi
    leave
    rm -rf "$root"
    say "a clean Debian 12"
    debootstrap --variant=minbase bookworm "$root" "$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Release: bookworm' | head -n 1)" \
        >"$work/debootstrap.log" 2>&1 || { tail "$work/debootstrap.log"; fail "debootstrap failed"; }
    trap leave EXIT
    mount -t proc proc "$root/proc"
    mount --bind /dev "$root/dev"
    inside useradd --create-home --uid 1000 wearer
}

run_it() {
    local line
    as_user bauta demo --output /home/wearer/demo --frames 40 --size 320x240 >"$work/demo.log" 2>&1 || { tail "$work/demo.log"; fail "the demo failed"; }
    python3 - "$root/home/wearer/demo/demo.json" <<'PY' || fail "the demo did not keep its promises"
import json, sys
d = json.load(open(sys.argv[1]))
assert d["frames"] == d["disclosed"] == 40 and d["swapped"] > 20, d
PY
    as_user bauta models verify >"$work/models.log" 2>&1 || { cat "$work/models.log"; fail "the installed models are not as signed"; }
    line=$(as_user bauta --version)
    status=0
    as_user bauta run --camera /dev/null --hash /home/wearer/h </dev/null >"$work/run.log" 2>&1 || status=$?
    [ $status = 3 ] || { cat "$work/run.log"; fail "bauta run with nobody to ask ended with $status"; }
    say "$line: demo masked and labelled; a session with nobody to ask refused"
}

installed() {
    say "installing bauta and a Vulkan driver, without v4l2loopback"
    put "$(echo "$work"/one/bauta_*.deb)" "$(echo "$work"/one/bauta-models_*.deb)" mesa-vulkan-drivers
    [ -z "$(find "$root/etc" -name '*bauta*')" ] || fail "it left something in /etc: $(find "$root/etc" -name '*bauta*')"
    # Mesa's package brings a Python; ours must not know.
    inside mv /usr/bin/python3 /usr/bin/python3.away
    run_it
    inside mv /usr/bin/python3.away /usr/bin/python3
    say "with v4l2loopback-dkms, built for a kernel"
    put v4l2loopback-dkms linux-headers-"$(dpkg --print-architecture)" gcc libc6-dev
    module=$(find "$root/lib/modules" -name 'v4l2loopback.ko*' | head -n 1)
    [ -n "$module" ] || { tail -n 30 "$work/put.log"; fail "the module was not built"; }
    options=$(inside modprobe -c | sed -n 's/^options v4l2loopback //p')
    for option in $(sed -n 's/^options v4l2loopback //p' "$here/linux/modprobe.conf" | sed 's/"[^"]*"//g'); do
        inside modinfo -p "${module#"$root"}" | grep -q "^${option%%=*}:" || fail "the module has no option ${option%%=*}"
        case " $options" in *" $option"*) ;; *) fail "modprobe does not know of $option: $options" ;; esac
    done
    say "v4l2loopback $(inside dpkg-query -W -f '${Version}' v4l2loopback-dkms) has them: $options"
    run_it
    say "the library alone"
    inside dpkg --purge bauta >/dev/null
    put "$(echo "$work"/one/libbauta1_*.deb)" "$(echo "$work"/one/libbauta-dev_*.deb)"
    inside gcc -Wall -Werror -o /usr/local/bin/footage /usr/share/doc/libbauta-dev/examples/footage.c -lbauta
    line=$(as_user /usr/local/bin/footage /home/wearer/digests 5)
    case "$line" in *": 5 frames"*) ;; *) fail "the example says: $line" ;; esac
    [ "$(wc -l <"$root/home/wearer/digests")" -ge 5 ] || fail "the example wrote no digests"
    say "the example, against what is installed: $line"
    put "$(echo "$work"/one/bauta_*.deb)"
    inside dpkg --purge bauta libbauta-dev libbauta1 bauta-models >/dev/null
    left=$(find "$root/etc" "$root/usr" "$root/lib" "$root/var" -path "$root/var/log" -prune -o -path "$root/usr/local" -prune -o -name '*bauta*' -print)
    [ -z "$left" ] || fail "purged, but still there: $left"
    say "purged: nothing is left"
}

[ "$(id -u)" = 0 ] || fail "needs root, for a chroot"
mkdir -p "$work"
chmod 755 "$work"
# shellcheck disable=SC2119
install_packages build deb chroot
case $part in
all | build)
    two_builds
    look
    compare_lists
    ;;
esac
case $part in
all | install)
    if ! unshare --mount true 2>/dev/null; then
        [ $part = all ] || fail "this machine lets nobody mount, which a chroot needs"
        say "NOT installed anywhere: this machine lets nobody mount, which a chroot needs"
        exit 0
    fi
    clean_debian
    installed
    leave
    rm -rf "$root"
    ;;
esac
say "all holds"
