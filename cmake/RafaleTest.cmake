# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
# How the tests are declared: rafale_test for GoogleTest programs, rafale_script_test for the rest.
#
# A test program is one entry of ctest. Its main comes from tests/support/test_main.cc: a program
# whose tests were all skipped shows as Skipped, and one that ran no test at all fails.

if(RAFALE_TESTS)
  enable_testing()
endif()

set(rafale_test_labels unit sim integration slow tsan script heavy)
set(rafale_test_skip_code 77)
set(rafale_test_environment
  ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1
  UBSAN_OPTIONS=print_stacktrace=1
  # A runtime whose user code hangs lets go of its threads, which is tested; no leak is reported.
  TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:report_thread_leaks=0
  RAFALE_BIN_DIR=${PROJECT_BINARY_DIR}
  RAFALE_SOURCE_DIR=${PROJECT_SOURCE_DIR}
  RAFALE_SKIP_DIR=${PROJECT_BINARY_DIR}/Testing/skipped
)

# The programs of one label: tests_unit, tests_sim, ...
foreach(label IN LISTS rafale_test_labels)
  add_custom_target(tests_${label})
endforeach()

function(_rafale_register name timeout labels)
  foreach(label IN LISTS labels)
    if(NOT label IN_LIST rafale_test_labels)
      message(FATAL_ERROR "${name}: unknown label ${label}; known: ${rafale_test_labels}")
    endif()
    if(TARGET ${name})
      add_dependencies(tests_${label} ${name})
    endif()
  endforeach()
  set_tests_properties(${name} PROPERTIES
    LABELS "${labels}"
    TIMEOUT ${timeout}
    COST ${timeout}  # the long ones begin first
    SKIP_RETURN_CODE ${rafale_test_skip_code}
    ENVIRONMENT "${rafale_test_environment};RAFALE_TEST_NAME=${name}")
endfunction()

# The main of all test programs, and the one precompiled <gtest/gtest.h> and <gmock/gmock.h>.
function(rafale_test_support)
  if(TARGET rafale_test_main)
    return()
  endif()
  set(main ${PROJECT_SOURCE_DIR}/tests/support/test_main.cc)
  add_library(rafale_test_main STATIC ${main})
  target_link_libraries(rafale_test_main PUBLIC GTest::gtest GTest::gmock
    PRIVATE rafale_compile_settings)
  # gRPC's users compile with it, and one precompiled header must serve all tests.
  target_compile_options(rafale_test_main PUBLIC -pthread)
  # Tests take longer to compile than to run.
  target_compile_options(rafale_test_main PUBLIC $<$<CONFIG:Release>:-O1>)
  if(RAFALE_PCH)
    # A precompiled header serves only targets of its own kind (-fPIE), so an executable holds it.
    file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/test_pch.cc CONTENT "int main() { return 0; }\n")
    add_executable(rafale_test_pch ${PROJECT_BINARY_DIR}/test_pch.cc)
    target_link_libraries(rafale_test_pch PRIVATE rafale_test_main rafale_compile_settings)
    target_precompile_headers(rafale_test_pch PRIVATE <gtest/gtest.h> <gmock/gmock.h>)
    set_target_properties(rafale_test_pch PROPERTIES
      RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(rafale_test_pch PRIVATE -fpch-preprocess)
    endif()
  endif()
endfunction()

# rafale_test(NAME x_test SOURCES x_test.cc .. [DEPS ..] [LABELS unit|sim|integration|slow tsan]
#             [NEEDS target ..] [TIMEOUT seconds])
#
# LABELS is unit when left out; add tsan for a test that the thread sanitizer shall run. NEEDS names
# programs and plugins that the test starts or loads; it finds them in $RAFALE_BIN_DIR.
function(rafale_test)
  _rafale_parse(rafale_test "" "NAME;TIMEOUT" "SOURCES;DEPS;LABELS;NEEDS" ${ARGN})
  if(NOT RAFALE_TESTS)
    return()
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  rafale_test_support()
  add_executable(${arg_NAME} ${arg_SOURCES})
  target_include_directories(${arg_NAME} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${arg_NAME} PRIVATE
    ${arg_DEPS} rafale_test_main rafale_compile_settings)
  # A program's sources are compiled in one piece, which halves the time of building them all;
  # clang-tidy wants to see them one by one.
  set_target_properties(${arg_NAME} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests INSTALL_RPATH $ORIGIN/..
    UNITY_BUILD ${RAFALE_PCH} UNITY_BUILD_BATCH_SIZE 12)
  if(RAFALE_PCH)
    target_precompile_headers(${arg_NAME} REUSE_FROM rafale_test_pch)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${arg_NAME} PRIVATE -fpch-preprocess)
    endif()
  endif()
  if(arg_NEEDS)
    add_dependencies(${arg_NAME} ${arg_NEEDS})
  endif()
  add_test(NAME ${arg_NAME} COMMAND ${arg_NAME})
  _rafale_register(${arg_NAME} ${arg_TIMEOUT} "${arg_LABELS}")
endfunction()

# rafale_script_test(NAME x COMMAND program args .. [LABELS ..] [TIMEOUT seconds])
#
# Exit 77 means skipped. Its further label `script` keeps it out of the sanitizers' runs.
function(rafale_script_test)
  _rafale_parse(rafale_script_test "" "NAME;TIMEOUT" "COMMAND;LABELS" ${ARGN})
  if(NOT RAFALE_TESTS)
    return()
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_test(NAME ${arg_NAME} COMMAND ${arg_COMMAND})
  _rafale_register(${arg_NAME} ${arg_TIMEOUT} "${arg_LABELS};script")
endfunction()
