#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds with ASan and UBSan and runs every test. Needs no webcam, GPU, display, nor anything built before.
#   tests/run.sh            the suite
#   tests/run.sh -R unit/   only what matches (passed on to ctest)
#   tests/run.sh guest      what the suite leaves out: real V4L2 nodes in an emulated machine, and who can read them. Takes half an
#                           hour or more, as the software GPU driver and a browser are emulated too
# Threads, valgrind, Vulkan validation and fuzzing: tests/sanitize.sh. A second Vulkan driver: tests/second_driver.sh.
set -eu
tests=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$tests")
here=$top/packaging
build=${BAUTA_TEST_BUILD_DIR:-$top/build/test}
. "$here/packages.sh"

if [ "${1:-}" = guest ]; then
    shift
    more=guest
    set -- -R '^system/v4l2' --verbose "$@"
else
    more=
    set -- -E '^system/v4l2' "$@"
fi
echo "[1/4] packages"
# shellcheck disable=SC2086
install_packages build test $more
echo "[2/4] models"
/usr/bin/python3 "$here/models/build.py" "$top/build/models"
echo "[3/4] build with ASan and UBSan"
mkdir -p "$build"
cmake -S "$top" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBUILD_TESTING=ON -DBAUTA_SANITIZE=address,undefined \
    -DBAUTA_MODELS="$top/build/models" >"$build/configure.log" || { cat "$build/configure.log"; exit 1; }
cmake --build "$build" >"$build/build.log" || { tail -n 40 "$build/build.log"; exit 1; }
echo "[4/4] test"
# Whatever leaks is an error, without exceptions (support/keep_loaded.c).
export ASAN_OPTIONS="detect_leaks=1:abort_on_error=0:strict_string_checks=1:detect_stack_use_after_return=1"
export UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1"
ctest --test-dir "$build" --output-on-failure "$@"
