# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
# Finds the libraries that the project uses; deploy/packages.txt names their Debian packages.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
# Protobuf first, by CMake's module: Debian 12 has no package file of it, and gRPC's asks for it.
find_package(Protobuf REQUIRED)
find_package(gRPC REQUIRED CONFIG)
find_package(absl REQUIRED CONFIG)
find_package(CLI11 REQUIRED CONFIG)
find_package(fmt REQUIRED CONFIG)
find_package(nlohmann_json REQUIRED CONFIG)
find_package(OpenSSL REQUIRED)
find_package(prometheus-cpp REQUIRED CONFIG)
find_package(simdjson REQUIRED CONFIG)
find_package(spdlog REQUIRED CONFIG)
find_package(yaml-cpp REQUIRED CONFIG)
find_package(zstd REQUIRED CONFIG)

# rafale_import_shared(TARGET LIBRARY HEADER): a target for a library whose package file is none for
# CMake, or asks for more than is used.
function(rafale_import_shared target library header)
  string(TOUPPER ${library} name)
  find_path(RAFALE_${name}_INCLUDE ${header} REQUIRED)
  find_library(RAFALE_${name}_LIBRARY ${library} REQUIRED)
  if(NOT TARGET ${target})
    add_library(${target} SHARED IMPORTED)
    set_target_properties(${target} PROPERTIES
      IMPORTED_LOCATION ${RAFALE_${name}_LIBRARY}
      INTERFACE_INCLUDE_DIRECTORIES ${RAFALE_${name}_INCLUDE})
  endif()
endfunction()
# Debian's librdkafka has a pkg-config file only; RocksDB's package file asks for the packages of all
# its compressors.
rafale_import_shared(rdkafka::rdkafka rdkafka librdkafka/rdkafka.h)
rafale_import_shared(rocksdb::rocksdb rocksdb rocksdb/db.h)

# One spelling for all releases of these two.
if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()
if(NOT TARGET zstd::libzstd)
  add_library(zstd::libzstd ALIAS zstd::libzstd_shared)
endif()

if(RAFALE_TESTS)
  # These are not there on a machine that only runs the demo. Debian's GoogleTest comes without
  # GoogleMock when only one of its two packages is installed.
  find_package(GTest CONFIG)
  find_program(RAFALE_PYTHON python3)
  if(NOT TARGET GTest::gtest OR NOT TARGET GTest::gmock OR NOT RAFALE_PYTHON)
    message(STATUS "GoogleTest, GoogleMock or Python is not installed: the tests are left out")
    set(RAFALE_TESTS OFF)
  endif()
endif()
