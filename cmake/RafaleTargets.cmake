# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
# How the folders declare what they build: rafale_library, rafale_executable, rafale_topology.
#
# All take explicit lists. A library NAME x is the target rafale_x with the alias rafale::x. Sources
# include each other by their path from the root of the repository, "worker/ack/tracker.h". What
# stands under DEPS is visible to users of the library, what stands under PRIVATE_DEPS is not.

# Everything that a user runs or loads: programs, plugins, the SDK library. Not the tests.
add_custom_target(programs)

function(_rafale_parse prefix options one_value multi_value)
  cmake_parse_arguments(arg "${options}" "${one_value}" "${multi_value}" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "${prefix}: unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_NAME)
    message(FATAL_ERROR "${prefix}: NAME is missing")
  endif()
  foreach(name IN LISTS options one_value multi_value)
    set(arg_${name} "${arg_${name}}" PARENT_SCOPE)
  endforeach()
endfunction()

# rafale_library(NAME x [SOURCES a.cc ..] [HEADERS a.h ..] [DEPS ..] [PRIVATE_DEPS ..]
#                [SHARED] [INCLUDE_DIR include])
#
# A static library, or a header-only one when it has no SOURCES. INCLUDE_DIR marks a library for the
# outside: its HEADERS lie under that folder, are the only ones its users see, are compiled alone by
# the target all_verify_interface_header_sets, and are installed and exported as rafale::x.
function(rafale_library)
  _rafale_parse(rafale_library "SHARED" "NAME;INCLUDE_DIR"
    "SOURCES;HEADERS;DEPS;PRIVATE_DEPS" ${ARGN})
  set(target rafale_${arg_NAME})
  set(access PUBLIC)
  set(inner PRIVATE)
  if(arg_SHARED)
    add_library(${target} SHARED)
    set_target_properties(${target} PROPERTIES
      VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} INSTALL_RPATH $ORIGIN)
    add_dependencies(programs ${target})
  elseif(arg_SOURCES)
    add_library(${target} STATIC)
  else()
    add_library(${target} INTERFACE)
    set(access INTERFACE)
    set(inner INTERFACE)
  endif()
  add_library(rafale::${arg_NAME} ALIAS ${target})

  target_compile_features(${target} ${access} cxx_std_20)
  target_link_libraries(${target} ${access} ${arg_DEPS} ${inner} ${arg_PRIVATE_DEPS})
  if(arg_SOURCES)
    target_sources(${target} PRIVATE ${arg_SOURCES})
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:rafale_compile_settings>)
  endif()

  if(arg_INCLUDE_DIR)
    target_sources(${target} ${access} FILE_SET HEADERS
      BASE_DIRS ${CMAKE_CURRENT_SOURCE_DIR}/${arg_INCLUDE_DIR} FILES ${arg_HEADERS})
    set_target_properties(${target} PROPERTIES
      EXPORT_NAME ${arg_NAME}
      VERIFY_INTERFACE_HEADER_SETS ON)
    install(TARGETS ${target} EXPORT rafale-targets
      LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
      ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
      FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  else()
    if(arg_SOURCES)
      target_sources(${target} PRIVATE ${arg_HEADERS})
    endif()
    target_include_directories(${target} ${access} $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  endif()
endfunction()

# rafale_executable(NAME rafale-x SOURCES main.cc .. [DEPS ..] [NO_INSTALL])
function(rafale_executable)
  _rafale_parse(rafale_executable "NO_INSTALL" "NAME" "SOURCES;DEPS" ${ARGN})
  add_executable(${arg_NAME} ${arg_SOURCES})
  target_include_directories(${arg_NAME} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${arg_NAME} PRIVATE ${arg_DEPS} rafale_compile_settings)
  file(RELATIVE_PATH to_lib /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
  set_target_properties(${arg_NAME} PROPERTIES INSTALL_RPATH "$ORIGIN;$ORIGIN/${to_lib}")
  add_dependencies(programs ${arg_NAME})
  if(NOT arg_NO_INSTALL)
    install(TARGETS ${arg_NAME} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endfunction()

# rafale_topology(NAME bike_fleet SOURCES a.cc .. [DEPS ..] [NO_INSTALL])
#
# A plugin NAME.so, linked with the SDK.
function(rafale_topology)
  _rafale_parse(rafale_topology "NO_INSTALL" "NAME" "SOURCES;DEPS" ${ARGN})
  add_library(${arg_NAME} MODULE ${arg_SOURCES})
  target_include_directories(${arg_NAME} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${arg_NAME} PRIVATE rafale::sdk ${arg_DEPS} rafale_compile_settings)
  set_target_properties(${arg_NAME} PROPERTIES PREFIX "" INSTALL_RPATH "$ORIGIN;$ORIGIN/../..")
  add_dependencies(programs ${arg_NAME})
  if(NOT arg_NO_INSTALL)
    install(TARGETS ${arg_NAME} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/rafale/topologies)
  endif()
endfunction()

# rafale_define_version(a.cc ..): RAFALE_VERSION_STRING, "0.1.0", for these sources of the current
# folder only, so that a new version recompiles nothing else.
function(rafale_define_version)
  set_property(SOURCE ${ARGN} APPEND PROPERTY
    COMPILE_DEFINITIONS "RAFALE_VERSION_STRING=\"${PROJECT_VERSION}\"")
endfunction()
