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

# Debian's librdkafka has a pkg-config file only.
find_path(RAFALE_RDKAFKA_INCLUDE librdkafka/rdkafka.h REQUIRED)
find_library(RAFALE_RDKAFKA_LIBRARY rdkafka REQUIRED)
if(NOT TARGET rdkafka::rdkafka)
  add_library(rdkafka::rdkafka SHARED IMPORTED)
  set_target_properties(rdkafka::rdkafka PROPERTIES
    IMPORTED_LOCATION ${RAFALE_RDKAFKA_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${RAFALE_RDKAFKA_INCLUDE})
endif()

# RocksDB's own package file asks for the packages of all its compressors.
find_path(RAFALE_ROCKSDB_INCLUDE rocksdb/db.h REQUIRED)
find_library(RAFALE_ROCKSDB_LIBRARY rocksdb REQUIRED)
if(NOT TARGET rocksdb::rocksdb)
  add_library(rocksdb::rocksdb SHARED IMPORTED)
  set_target_properties(rocksdb::rocksdb PROPERTIES
    IMPORTED_LOCATION ${RAFALE_ROCKSDB_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${RAFALE_ROCKSDB_INCLUDE})
endif()

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
