#!/bin/sh
# SPDX-License-Identifier: MIT
# The tests of everything that computes on a GPU, and a short demo, on a second Vulkan driver: SwiftShader, which promises little
# more than the specification does (subgroups of 4, 65,536 texels, no 16-bit types). It lies in Debian's package chromium-common,
# which is downloaded by apt and not installed: one library is taken out of it.
#   tests/second_driver.sh          all of it
#   tests/second_driver.sh -R conv  only tests that match (passed on to ctest), no demo
set -eu
tests=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$tests")
here=$top/packaging
build=$top/build/second_driver
driver=$build/driver
. "$here/packages.sh"

newest() { apt-cache show --no-all-versions chromium-common 2>/dev/null | sed -n 's/^Version: *//p'; }
# The archive keeps only the newest version: lists from yesterday may name one that is gone.
fetch() {
    rm -rf "$build/download"
    mkdir -p "$build/download" "$driver"
    (cd "$build/download" && apt-get -qq -o APT::Sandbox::User= download chromium-common)
}
update() { if [ "$(id -u)" = 0 ]; then apt-get update -qq; else sudo apt-get update -qq; fi; }
unpack() {
    dpkg-deb --fsys-tarfile "$build"/download/chromium-common_*.deb |
        tar -x -O --wildcards '*/libvk_swiftshader.so' >"$driver/libvk_swiftshader.so"
    [ -s "$driver/libvk_swiftshader.so" ]
    # A path with a slash is looked up from where this file lies.
    echo '{"file_format_version": "1.0.0", "ICD": {"library_path": "./libvk_swiftshader.so", "api_version": "1.3.0"}}' \
        >"$driver/icd.json"
    rm -r "$build/download"
}

echo "[1/5] packages and models"
install_packages build test
/usr/bin/python3 "$here/models/build.py" "$top/build/models"
echo "[2/5] the driver"
if [ ! -f "$driver/version" ] || [ "$(newest)" != "$(cat "$driver/version")" ]; then
    fetch || { update && fetch; }
    unpack
    newest >"$driver/version"
fi
echo "      SwiftShader of chromium-common $(cat "$driver/version")"
echo "[3/5] build"
cmake -S "$top" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBUILD_TESTING=ON -DBAUTA_MODELS="$top/build/models" \
    >"$build/configure.log" || { cat "$build/configure.log"; exit 1; }
# Those that lavapipe's own switches are for would only repeat themselves here.
which='^kernel/|^unit/gpu_|^golden/engine_'
not='_(128|512)$'
# shellcheck disable=SC2046
cmake --build "$build" --target bauta \
    $(ctest --test-dir "$build" -N -R "$which" -E "$not" | sed -n 's,/,_,g; s/^ *Test *#[0-9]*: */test_/p') \
    >"$build/build.log" || { tail -n 40 "$build/build.log"; exit 1; }
# One variable under its new and its old name: no other driver is loaded.
export VK_DRIVER_FILES="$driver/icd.json" VK_ICD_FILENAMES="$driver/icd.json"
"$build/bauta" devices | grep '^  \* SwiftShader' || { "$build/bauta" devices; exit 1; }
echo "[4/5] test"
ctest --test-dir "$build" --output-on-failure -R "$which" -E "$not" "$@"
[ $# = 0 ] || exit 0
echo "[5/5] demo"
"$build/bauta" demo --models "$top/build/models" --frames 6 --output "$build/demo"
/usr/bin/python3 "$tests/system/demo.py" "$build/demo"
