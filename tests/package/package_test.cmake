# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
# Installs the build into a staging folder, builds tests/package/consumer against it, and lets the
# installed programs validate and run what came out. Needs all programs to be built.

set(stage ${work}/stage)
set(consumer ${work}/consumer)
file(REMOVE_RECURSE ${stage} ${consumer})

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
  list(JOIN ARGN " " command)
  message("$ ${command}\n${output}")
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "exit ${result}: ${command}")
  endif()
  set(last_output "${output}" PARENT_SCOPE)
endfunction()

run(${CMAKE_COMMAND} --install ${build} --prefix ${stage})
file(GLOB installed RELATIVE ${stage}
  ${stage}/${binary_dir}/* ${stage}/${library_dir}/librafale_sdk.so
  ${stage}/${library_dir}/rafale/topologies/*.so)
message("installed: ${installed}")

# The consumer's only source is the example of the README, so that this one stays true.
file(READ ${source}/README.md readme)
if(NOT readme MATCHES "\n```cpp\n(.+)\n```\n\n```cmake\n")
  message(FATAL_ERROR "README.md has no block of C++ followed by one of CMake")
endif()
file(WRITE ${work}/project/levels.cc "${CMAKE_MATCH_1}\n")
file(COPY ${CMAKE_CURRENT_LIST_DIR}/consumer/CMakeLists.txt DESTINATION ${work}/project)

run(${CMAKE_COMMAND} -S ${work}/project -B ${consumer} -G ${generator}
  -D CMAKE_PREFIX_PATH=${stage} -D CMAKE_CXX_COMPILER=${compiler} -D CMAKE_BUILD_TYPE=Release
  "-D CMAKE_CXX_FLAGS=-Wall -Wextra -Wpedantic -Werror")
run(${CMAKE_COMMAND} --build ${consumer})

set(rafale ${stage}/${binary_dir}/rafale)
run(${rafale} version)
run(${rafale} validate ${consumer}/levels.so)
file(WRITE ${work}/app.log "INFO one\nERROR two\nINFO three\n")
run(${rafale} local ${consumer}/levels.so -c levels.file=${work}/app.log --until-done)
if(NOT last_output MATCHES "INFO 2" OR NOT last_output MATCHES "ERROR 1")
  message(FATAL_ERROR "the example of README.md counts wrongly")
endif()
