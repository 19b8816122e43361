# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
# Run by the build: writes RAFALE_GIT_DESCRIBE, the commit of SOURCE_DIR, into the header OUTPUT.

execute_process(COMMAND ${GIT} describe --tags --always
  WORKING_DIRECTORY ${SOURCE_DIR}
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
file(WRITE ${OUTPUT} "#define RAFALE_GIT_DESCRIBE \"${commit}\"\n")
