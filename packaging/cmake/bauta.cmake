# SPDX-License-Identifier: MIT
# Helpers: a drawer is a static library named after its folder; a shader is compiled, validated and embedded; a test is one file.

set(BAUTA_GENERATED ${CMAKE_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${BAUTA_GENERATED}/spv)

# bt_drawer(NAME SOURCES... [LINK libs...]): static library bt_<NAME> from this folder.
function(bt_drawer name)
    cmake_parse_arguments(A "" "" "SOURCES;LINK" ${ARGN})
    add_library(bt_${name} STATIC ${A_SOURCES})
    target_include_directories(bt_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/shaders
                                                 ${BAUTA_GENERATED})
    target_link_libraries(bt_${name} PUBLIC ${A_LINK})
    set_property(GLOBAL APPEND PROPERTY BAUTA_DRAWERS bt_${name})
endfunction()

# bt_embed_spirv(TARGET NAME): the end of bt_shader, for generated/spv/NAME.spv.
function(bt_embed_spirv target name)
    set(spv ${BAUTA_GENERATED}/spv/${name}.spv)
    set(c ${BAUTA_GENERATED}/spv/${name}.c)
    add_custom_command(OUTPUT ${c} ${BAUTA_GENERATED}/spv/${name}.h
        COMMAND bt_embed --words bt_spv_${name} ${spv} ${c} ${BAUTA_GENERATED}/spv/${name}.h
        DEPENDS ${spv} bt_embed VERBATIM COMMENT "")
    target_sources(${target} PRIVATE ${c} ${BAUTA_GENERATED}/spv/${name}.h)
    set_property(GLOBAL APPEND PROPERTY BAUTA_SPIRV ${spv})
endfunction()

# bt_shader_frozen(TARGET NAME FROM CONSTANTS...): shader NAME is FROM (of a bt_shader) with its specialisation constants 0, 1, ...
# fixed, folded in, and loops that ask for it unrolled.
function(bt_shader_frozen target name from)
    set(values "")
    set(id 0)
    foreach(value ${ARGN})
        string(APPEND values "${id}:${value} ")
        math(EXPR id "${id} + 1")
    endforeach()
    set(spv ${BAUTA_GENERATED}/spv/${name}.spv)
    add_custom_command(
        OUTPUT ${spv}
        COMMAND ${SPIRV_OPT} --target-env=vulkan1.2 "--set-spec-const-default-value=${values}" --freeze-spec-const
                --fold-spec-const-op-composite -O --loop-unroll -O ${BAUTA_GENERATED}/spv/${from}.spv -o ${spv}
        COMMAND ${SPIRV_VAL} --target-env vulkan1.2 ${spv}
        DEPENDS ${BAUTA_GENERATED}/spv/${from}.spv VERBATIM COMMENT "shader ${name}")
    bt_embed_spirv(${target} ${name})
endfunction()

# bt_shader(TARGET FILE [NAME name] [DEFINES A=1 ...]): compiles shaders/FILE, checks it with spirv-val, and embeds it as
# `const uint32_t bt_spv_<name>[]` with `const size_t bt_spv_<name>_bytes`, declared in the header "spv/<name>.h".
# The name is the path with '/' and '.' as '_', less "_comp", unless NAME gives one (a variant of the same file).
function(bt_shader target file)
    cmake_parse_arguments(A "" "NAME" "DEFINES" ${ARGN})
    if(NOT A_NAME)
        string(REGEX REPLACE "\\.comp$" "" A_NAME ${file})
        string(MAKE_C_IDENTIFIER ${A_NAME} A_NAME)
    endif()
    set(defines "")
    foreach(d ${A_DEFINES})
        list(APPEND defines -D${d})
    endforeach()
    set(src ${PROJECT_SOURCE_DIR}/shaders/${file})
    set(spv ${BAUTA_GENERATED}/spv/${A_NAME}.spv)
    add_custom_command(
        OUTPUT ${spv}
        COMMAND ${GLSLANG} -V --quiet --target-env vulkan1.2 -I${PROJECT_SOURCE_DIR}/shaders ${defines} --depfile ${spv}.d -o ${spv} ${src}
        COMMAND ${SPIRV_VAL} --target-env vulkan1.2 ${spv}
        DEPENDS ${src} DEPFILE ${spv}.d VERBATIM COMMENT "shader ${A_NAME}")
    bt_embed_spirv(${target} ${A_NAME})
endfunction()

# bt_embed_file(TARGET SYMBOL PATH): PATH's bytes as `const uint8_t SYMBOL[]`, `const size_t SYMBOL_bytes`, header "embed/SYMBOL.h".
function(bt_embed_file target symbol path)
    set(c ${BAUTA_GENERATED}/embed/${symbol}.c)
    set(h ${BAUTA_GENERATED}/embed/${symbol}.h)
    file(MAKE_DIRECTORY ${BAUTA_GENERATED}/embed)
    add_custom_command(OUTPUT ${c} ${h} COMMAND bt_embed --bytes ${symbol} ${path} ${c} ${h} DEPENDS ${path} bt_embed VERBATIM COMMENT "")
    target_sources(${target} PRIVATE ${c} ${h})
endfunction()

# bt_test(GROUP/NAME [LINK libs...] [SOURCES more...] [LABELS ...] [TIMEOUT s] [WIDTHS]): tests/GROUP/NAME.c as a CTest. cmocka is
# linked. WIDTHS: also as NAME_128 and NAME_512, where lavapipe's vectors have so many bits: subgroups of 4 and 16 instead of 8.
# Tests find models under the environment variable BAUTA_TEST_MODELS and the source tree under BAUTA_TEST_SOURCE.
function(bt_test path)
    if(NOT BUILD_TESTING)
        return()
    endif()
    cmake_parse_arguments(A "WIDTHS" "TIMEOUT" "LINK;SOURCES;LABELS;OPTIONS" ${ARGN})
    string(MAKE_C_IDENTIFIER test_${path} exe)
    get_filename_component(group ${path} DIRECTORY)
    add_executable(${exe} ${PROJECT_SOURCE_DIR}/tests/${path}.c ${A_SOURCES})
    target_include_directories(${exe} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/shaders
                                              ${PROJECT_SOURCE_DIR}/tests ${BAUTA_GENERATED})
    target_link_libraries(${exe} PRIVATE ${A_LINK} PkgConfig::CMOCKA m)
    if(A_OPTIONS)
        target_link_options(${exe} PRIVATE ${A_OPTIONS})
    endif()
    if(BAUTA_SANITIZE)
        target_sources(${exe} PRIVATE ${PROJECT_SOURCE_DIR}/tests/support/keep_loaded.c)
    endif()
    if(NOT A_TIMEOUT)
        set(A_TIMEOUT 300)
    endif()
    if(BAUTA_TEST_LAUNCHER) # valgrind takes its time
        math(EXPR A_TIMEOUT "${A_TIMEOUT} * 10")
    endif()
    set(environment "BAUTA_TEST_MODELS=${BAUTA_MODELS};BAUTA_TEST_SOURCE=${PROJECT_SOURCE_DIR};BAUTA_TEST_BUILD=${CMAKE_BINARY_DIR};${BAUTA_TEST_ENVIRONMENT}")
    if(BAUTA_SANITIZE MATCHES address)
        # A CPU driver takes page-aligned memory for every work group: a large quarantine of such makes it five times slower.
        list(APPEND environment "ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=1:quarantine_size_mb=1:thread_local_quarantine_size_kb=64")
    endif()
    add_test(NAME ${path} COMMAND ${BAUTA_TEST_LAUNCHER} $<TARGET_FILE:${exe}> WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
    set_tests_properties(${path} PROPERTIES TIMEOUT ${A_TIMEOUT} LABELS "${group};${A_LABELS}" ENVIRONMENT "${environment}")
    if(NOT A_WIDTHS OR BAUTA_TEST_LAUNCHER) # valgrind knows one width only
        return()
    endif()
    foreach(bits 128 512)
        # Mesa's cache does not tell compiled code of one width from another's: each has its own.
        add_test(NAME ${path}_${bits} COMMAND ${BAUTA_TEST_LAUNCHER} $<TARGET_FILE:${exe}> WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
        set_tests_properties(${path}_${bits} PROPERTIES TIMEOUT ${A_TIMEOUT} LABELS "${group};widths;${A_LABELS}"
            ENVIRONMENT "${environment};LP_NATIVE_VECTOR_WIDTH=${bits};MESA_SHADER_CACHE_DIR=${CMAKE_BINARY_DIR}/mesa_cache_${bits}")
    endforeach()
endfunction()

# bt_bench(NAME [LINK libs...] [SOURCES more...]): tests/bench/NAME.c, built, never run by CTest.
function(bt_bench name)
    if(NOT BUILD_TESTING)
        return()
    endif()
    cmake_parse_arguments(A "" "" "LINK;SOURCES" ${ARGN})
    add_executable(bench_${name} ${PROJECT_SOURCE_DIR}/tests/bench/${name}.c ${A_SOURCES})
    target_include_directories(bench_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/shaders
                                                     ${PROJECT_SOURCE_DIR}/tests ${BAUTA_GENERATED})
    target_link_libraries(bench_${name} PRIVATE ${A_LINK} m)
endfunction()
