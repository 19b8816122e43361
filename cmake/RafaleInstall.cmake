# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
# The package for outside projects: find_package(rafale) gives rafale::sdk and rafale_add_topology.

include(CMakePackageConfigHelpers)

if(TARGET rafale_sdk)
  set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/rafale)
  configure_package_config_file(
    ${PROJECT_SOURCE_DIR}/cmake/rafale-config.cmake.in
    ${PROJECT_BINARY_DIR}/package/rafale-config.cmake
    INSTALL_DESTINATION ${package_dir})
  # Before 1.0 a minor version may break its users.
  write_basic_package_version_file(
    ${PROJECT_BINARY_DIR}/package/rafale-config-version.cmake
    COMPATIBILITY SameMinorVersion)
  install(FILES
    ${PROJECT_BINARY_DIR}/package/rafale-config.cmake
    ${PROJECT_BINARY_DIR}/package/rafale-config-version.cmake
    DESTINATION ${package_dir})
  install(EXPORT rafale-targets NAMESPACE rafale:: DESTINATION ${package_dir})
endif()
