# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
# Compiler and linker settings of every target: language, warnings, hardening, sanitizers, caches.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# Hidden by default: a plugin shows its entry only and the SDK what RAFALE_API marks. It also lets
# the compiler inline across functions of one position-independent file.
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
# -g1 keeps line numbers for back traces and profiles at little cost.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
# Under the sanitizers line numbers are enough, and a third of the time to build.
if(RAFALE_SANITIZE MATCHES address)  # compiles in two thirds of the time, and finds the same
  set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
elseif(RAFALE_SANITIZE)
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
else()
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g")
endif()

# Programs, plugins and the SDK library lie side by side in the root of the build tree, as the
# programs look for each other there.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
# One search path for the build tree and for the installed tree, so that installing copies only.
set(CMAKE_BUILD_WITH_INSTALL_RPATH ON)
set(CMAKE_LINK_DEPENDS_NO_SHARED ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(RAFALE_CCACHE ccache)
if(RAFALE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without this sloppiness ccache refuses files that use a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${RAFALE_CCACHE})
endif()

# Warnings are errors (in the presets) with the compiler that the project is developed with. The
# new warnings of another compiler must not stop a user's build.
if(CMAKE_COMPILE_WARNING_AS_ERROR AND NOT RAFALE_WARNINGS_ALWAYS_ERRORS
    AND NOT (CMAKE_CXX_COMPILER_ID STREQUAL "GNU"
      AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12
      AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13))
  message(STATUS "Warnings are not errors: this compiler is not GCC 12")
  set(CMAKE_COMPILE_WARNING_AS_ERROR OFF)
endif()

add_library(rafale_compile_settings INTERFACE)
target_compile_options(rafale_compile_settings INTERFACE
  -Wall
  -Wextra
  -Wpedantic
  -Wshadow
  -Wnon-virtual-dtor
  -Woverloaded-virtual
  -Wextra-semi
  -Wundef
  -Wcast-qual
  -Wformat=2
  -Wvla
)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(rafale_compile_settings INTERFACE
    -Wduplicated-cond
    -Wlogical-op
    -fno-semantic-interposition
    # GCC 12 reports std::string concatenation falsely (its bugs 105651 and 105329), and guesses
    # in inlined containers; these stay visible and never stop a build.
    -Wno-restrict
    -Wno-error=maybe-uninitialized
    -Wno-error=array-bounds
    -Wno-error=stringop-overflow
    -Wno-error=stringop-overread
  -Wno-error=free-nonheap-object
  )
endif()

if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Said of classes whose members have types of their own file, as that file is included then.
  target_compile_options(rafale_compile_settings INTERFACE -Wno-subobject-linkage)
endif()

if(RAFALE_HARDENING)
  target_compile_options(rafale_compile_settings INTERFACE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong)
  target_link_options(rafale_compile_settings INTERFACE -Wl,-z,relro -Wl,-z,now)
endif()

if(RAFALE_SANITIZE)
  target_compile_options(rafale_compile_settings INTERFACE
    -fsanitize=${RAFALE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(rafale_compile_settings INTERFACE -fsanitize=${RAFALE_SANITIZE})
else()
  target_link_options(rafale_compile_settings INTERFACE -Wl,--no-undefined)
endif()
target_link_options(rafale_compile_settings INTERFACE -Wl,--as-needed)

find_program(RAFALE_MOLD mold)
if(RAFALE_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU"
    AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12.1)
  target_link_options(rafale_compile_settings INTERFACE -fuse-ld=mold)
endif()
