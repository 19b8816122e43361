# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
# The Debian package, by CPack: what `cmake --install` installs, and what only a system wants
# (component system): units, settings, manual pages, completions.

if(NOT TARGET rafale OR NOT TARGET rafale-nimbus OR NOT TARGET rafale-supervisor)
  return()
endif()
find_package(Python3 COMPONENTS Interpreter QUIET)
set(deploy ${PROJECT_SOURCE_DIR}/deploy)

install(FILES ${deploy}/systemd/rafale-nimbus.service ${deploy}/systemd/rafale-supervisor.service
  ${deploy}/systemd/rafale-zookeeper-tunnel.service
  DESTINATION lib/systemd/system COMPONENT system EXCLUDE_FROM_ALL)
install(FILES ${deploy}/rafale.yaml DESTINATION /etc/rafale COMPONENT system EXCLUDE_FROM_ALL)
install(FILES ${deploy}/systemd/zookeeper-tunnel.conf
  DESTINATION share/doc/rafale/examples COMPONENT system EXCLUDE_FROM_ALL)
install(FILES ${deploy}/debian/copyright DESTINATION share/doc/rafale
  COMPONENT system EXCLUDE_FROM_ALL)
install(FILES ${PROJECT_SOURCE_DIR}/docs/install.md ${PROJECT_SOURCE_DIR}/docs/security.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
  DESTINATION share/doc/rafale COMPONENT system EXCLUDE_FROM_ALL)

# Made by the programs themselves, as the package is made.
set(rafale_program $<TARGET_FILE:rafale>)
install(CODE "
  set(share \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/share\")
  foreach(pair IN ITEMS bash:bash-completion/completions/rafale zsh:zsh/vendor-completions/_rafale
      fish:fish/vendor_completions.d/rafale.fish)
    string(REPLACE \":\" \";\" pair \"\${pair}\")
    list(GET pair 0 shell)
    list(GET pair 1 file)
    cmake_path(GET file PARENT_PATH folder)
    file(MAKE_DIRECTORY \"\${share}/\${folder}\")
    execute_process(COMMAND \"${rafale_program}\" completion \${shell}
      OUTPUT_FILE \"\${share}/\${file}\" COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
  execute_process(COMMAND \"${Python3_EXECUTABLE}\" \"${deploy}/man_pages.py\" \"${rafale_program}\"
    \"${deploy}/rafale.yaml\" \"\${share}/man\" COMMAND_ERROR_IS_FATAL ANY)
  file(GLOB pages \"\${share}/man/man*/*\")
  execute_process(COMMAND gzip -9nf \${pages} COMMAND_ERROR_IS_FATAL ANY)
" COMPONENT system EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME rafale)
set(CPACK_PACKAGE_CONTACT "The Rafale authors <rafale@localhost>")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
  "streaming topologies of spouts and bolts, on clusters
Runs topologies of spouts and bolts as Apache Storm does: on one machine in
one process, or on a cluster of Nimbus and supervisors that ZooKeeper holds
together. Has the commands, the daemons, their units, and what topologies
are built with.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR})
set(CPACK_DEBIAN_PACKAGE_DEPENDS passwd)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "zookeeper, stunnel4, g++, cmake")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${deploy}/debian/postinst ${deploy}/debian/prerm
  ${deploy}/debian/postrm ${deploy}/debian/conffiles)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 0)
set(CPACK_INSTALL_CMAKE_PROJECTS
  "${PROJECT_BINARY_DIR};rafale;ALL;/;${PROJECT_BINARY_DIR};rafale;system;/")
include(CPack)
