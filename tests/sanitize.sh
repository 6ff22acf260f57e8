#!/bin/sh
# SPDX-License-Identifier: MIT
# What tests/run.sh (ASan, UBSan) does not look at. Needs no webcam, GPU nor display; installs and builds what it needs.
#   tests/sanitize.sh thread          ThreadSanitizer over all that has threads, and a short demo
#   tests/sanitize.sh valgrind        the suite built by clang, and the program, under valgrind: what takes a minute is left out
#   tests/sanitize.sh valgrind all    nothing is left out: an hour or more. Both do less of the same work (BAUTA_TEST_BRIEF)
#   tests/sanitize.sh validation [N]  N frames of the demo (default: all) under Vulkan's validation layers
#   tests/sanitize.sh fuzz [SECONDS]  each door's fuzzer for so long (default: 12); those of people's data three times, the engine's ten
set -eu
tests=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$tests")
here=$top/packaging
models=$top/build/models
mode=${1:-}
case $mode in
thread | valgrind | validation | fuzz) ;;
*) sed -n 's/^#   //p' "$0" >&2; exit 2 ;;
esac
. "$here/packages.sh"

# configure NAME OPTION…: build/NAME
configure() {
    build=$top/build/$1
    shift
    mkdir -p "$build"
    cmake -S "$top" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBUILD_TESTING=ON -DBAUTA_MODELS="$models" "$@" \
        >"$build/configure.log" || { cat "$build/configure.log"; exit 1; }
}
compile() {
    cmake --build "$build" "$@" >"$build/build.log" || { tail -n 40 "$build/build.log"; exit 1; }
}
# clang's newest debugging format is not understood by Debian 12's valgrind.
memcheck="valgrind;-q;--vgdb=no;--fair-sched=try;--error-exitcode=99;--suppressions=$tests/support/valgrind.supp"
configure_clang() {
    configure clang -DCMAKE_C_COMPILER=clang -DCMAKE_C_FLAGS=-gdwarf-4 -DBAUTA_TEST_LAUNCHER="$memcheck"
}

echo "[1/3] packages and models"
install_packages build test
/usr/bin/python3 "$here/models/build.py" "$models"
case $mode in
thread)
    echo "[2/3] build with ThreadSanitizer"
    configure thread -DBAUTA_SANITIZE=thread
    threaded='^unit/(api|base_mailbox|base_log|consent|capture_|output_|disclose_handles|gpu_|pipeline_live)|^kernel/gpu_smoke$'
    # shellcheck disable=SC2046
    compile --target bauta $(ctest --test-dir "$build" -N -R "$threaded" | sed -n 's,/,_,g; s/^ *Test *#[0-9]*: */test_/p')
    # It has fixed places for its shadow; more random bits of address than it knows would put something else there.
    still="setarch $(uname -m) -R"
    $still true 2>/dev/null || still=
    export TSAN_OPTIONS="halt_on_error=0:exitcode=66:suppressions=$tests/support/tsan.supp:print_suppressions=0"
    echo "[3/3] test"
    $still ctest --test-dir "$build" --output-on-failure -R "$threaded"
    $still "$build/bauta" demo --models "$models" --frames 40 --output "$build/demo"
    ;;
valgrind)
    echo "[2/3] build with clang"
    configure_clang
    compile
    # The CPU driver's widest instructions are not understood. What it compiles it keeps here. Limits on time are not looked at.
    export LP_NATIVE_VECTOR_WIDTH=128 LP_NUM_THREADS=1 MESA_SHADER_CACHE_DIR="$build/kernels" BAUTA_TEST_BRIEF=1
    export LD_PRELOAD="$build/tests/libtest_patient.so"
    mkdir -p "$MESA_SHADER_CACHE_DIR"
    echo "[3/3] under valgrind: first the kernels of a session, compiled while nothing is looked at"
    valgrind -q --vgdb=no --tool=none "$build/bauta" demo --models "$models" --frames 2 --output "$build/demo"
    leaks="--leak-check=full --errors-for-leak-kinds=definite,indirect,possible"
    slow='^unit/(api|app_verify|label_turns|output_files|pipeline_live|swap|identity|mask$|receipt|evaluate_(rates|study)|watermark_(detect|aligned))|^kernel/(disclose_|engine_|capture_|track_|app_cache)|^golden/(engine_nets|track_|(match|enroll)_footage|gate_sweep|app_wearer)|^fault/(setup|pictures|ticks|vault|enroll)' # about a minute or more each, on a slow machine
    [ "${2:-}" != all ] || slow='_(128|512)$' # the same kernels at other widths, of which only that of all here is understood
    mkdir -p "$build/under"
    cat >"$build/under/bauta" <<EOF
#!/bin/sh
export LP_NATIVE_VECTOR_WIDTH=128 VALGRIND_OPTS="$leaks"
exec $(echo "$memcheck" | tr ';' ' ') "$build/bauta" "\$@"
EOF
    chmod +x "$build/under/bauta"
    program() {
        "$build/under/bauta" demo --models "$models" --frames 8 --output "$build/demo" || return
        for test in consent faces; do
            BAUTA_TEST_BUILD="$build/under" BAUTA_TEST_MODELS="$models" BAUTA_TEST_SOURCE="$top" \
                /usr/bin/python3 -B "$tests/system/$test.py" || return
        done
    }
    echo "      the program, and beside it the suite"
    program >"$build/program.log" 2>&1 &
    failed=0
    VALGRIND_OPTS=$leaks ctest --test-dir "$build" --output-on-failure -j "$(nproc)" -R '^(unit|kernel|golden)/' -E "$slow" || failed=1
    # What is held these count themselves, and their copies of the process end in the middle.
    VALGRIND_OPTS=--leak-check=no ctest --test-dir "$build" --output-on-failure -j "$(nproc)" -R '^fault/' -E "$slow" || failed=1
    wait $! || { cat "$build/program.log"; failed=1; }
    [ "$failed" = 0 ]
    ;;
validation)
    echo "[2/3] build with clang"
    configure_clang
    compile --target bauta system_misuse
    echo "[3/3] demo under validation and synchronisation validation"
    BAUTA_VALIDATION_FRAMES=${2:-0} ctest --test-dir "$build" --verbose -R system/validation
    ;;
fuzz)
    echo "[2/3] build with libFuzzer"
    configure fuzz -DCMAKE_C_COMPILER=clang -DBAUTA_FUZZ=ON -DBAUTA_SANITIZE=address,undefined,fuzzer-no-link
    doors=$(cd "$tests/fuzz" && for door in *.c; do echo "fuzz_${door%.c}"; done)
    # shellcheck disable=SC2086
    compile --target $doors test_enrolled
    enrolled=$build/enrolled # somebody's vault and receipts, to begin with
    [ -d "$enrolled" ] || { mkdir -p "$enrolled" && "$build/test_enrolled" "$enrolled" "$models" ada colombina 5 86400 word >/dev/null; }
    echo "[3/3] fuzz, ${2:-12} s a door, $(nproc) doors at a time"
    for door in $doors; do
        corpus=$build/corpus/$door
        seconds=${2:-12}
        mkdir -p "$corpus"
        case $door in # what else there is to begin with
        fuzz_vault_file) cp "$enrolled/vault/keys" "$corpus" ;;
        fuzz_chain_file) cp "$enrolled/receipts.log" "$corpus" ;;
        fuzz_manifest) # it signs what it tries by a key of its own
            printf '%s' '{"what":"bauta session manifest","schema":1,"state":"ended","session":"00112233445566778899aabbccddeeff",' \
                '"mark":{"payload":"00112233","key":1},"start":"2026-11-22T21:32:44Z","end":"2026-11-22T21:32:50Z","why":"ok",' \
                '"software":{"name":"bauta","version":"0.1.0","sha256":""},"models":{"face_mesh":""},"profiles":["eu"],' \
                '"source":"camera","face":{"role":"own","pseudonym":"a"},"frames":{"total":3,"masked":1,"held":1,"placards":1},' \
                '"placards":{"nothing came in time":1},"pauses":1,"audit":{"lines":2,"head":""},"key":{"origin":"installation","public":""}}' \
                >"$corpus/manifest" ;;
        fuzz_receipt) tail -n 1 "$enrolled/receipts.log" >"$corpus/receipt" ;;
        fuzz_rig_geometry) cp "$models/face_geometry.bin" "$corpus" ;;
        fuzz_models) cp "$tests"/../packaging/models/models.json "$corpus" ;;
        fuzz_profile) cp "$tests"/../src/trust/policy/profiles/*.ini "$corpus" ;;
        fuzz_npy) /usr/bin/python3 -c 'import numpy, sys; numpy.save(sys.argv[1], numpy.ones((2, 3), "f4"))' "$corpus/ones.npy" ;;
        fuzz_onnx_import)
            for model in /usr/share/libonnx-testdata/data/*/*/model.onnx; do
                [ ! -f "$model" ] || cp "$model" "$corpus/$(basename "$(dirname "$model")")"
            done
            ;;
        esac
        case $door in # behind the first is a compiler of four stages, behind the others somebody's face
        fuzz_onnx_import) seconds=$((seconds * 10)) ;;
        fuzz_vault_file | fuzz_chain_file | fuzz_receipt | fuzz_pack | fuzz_identity_file) seconds=$((seconds * 3)) ;;
        esac
        echo "$door $seconds"
    done >"$build/doors"
    # shellcheck disable=SC2016
    xargs -P "$(nproc)" -n 2 sh -c '"$0/$1" -max_total_time="$2" -timeout=20 -rss_limit_mb=3000 -print_final_stats=1 \
            -artifact_prefix="$0/$1-" "$0/corpus/$1" >"$0/$1.log" 2>&1 || { tail -n 60 "$0/$1.log"; exit 255; }
        echo "      $1: $(sed -n "s/^stat::number_of_executed_units: *//p" "$0/$1.log") inputs"' "$build" <"$build/doors"
    ;;
esac
