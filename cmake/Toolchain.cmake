# SPDX-License-Identifier: Apache-2.0
# Compiler, warnings, cache and linker: one place, the same for every room.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 99)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")

option(QD_WERROR "Treat warnings in our own code as errors" ON)
set(QD_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize= (address,undefined or thread)")
option(QD_GUI "Build the rooms that need Qt" ON)
option(QD_RPC "Build the rooms that link gRPC" ON)

add_library(qd_warnings INTERFACE)
# Designated initialisers leave fields at their defaults on purpose.
target_compile_options(qd_warnings INTERFACE -Wall -Wextra -Wno-missing-field-initializers $<$<BOOL:${QD_WERROR}>:-Werror>)

if(QD_SANITIZE)
  add_compile_options(-fsanitize=${QD_SANITIZE} -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=${QD_SANITIZE})
endif()

find_program(QD_CCACHE ccache)
if(QD_CCACHE)
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${QD_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

# Programs that tests debug: as their authors would build them for that. Breakpoints are set by absolute path, so they
# must not come from the cache with another checkout's folder in their debug information.
function(qd_debuggee target)
  target_compile_options(${target} PRIVATE -g -O0)
  if(QD_CCACHE)
    set(launcher ${CMAKE_COMMAND} -E env --unset=CCACHE_BASEDIR --unset=CCACHE_NOHASHDIR CCACHE_HASHDIR=1 ${QD_CCACHE})
    set_target_properties(${target} PROPERTIES C_COMPILER_LAUNCHER "${launcher}" CXX_COMPILER_LAUNCHER "${launcher}")
  endif()
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
endfunction()

find_program(QD_MOLD mold)
if(QD_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
