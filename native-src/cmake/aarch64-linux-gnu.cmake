# 64-bit ARM from another Linux machine: Debian's g++-aarch64-linux-gnu compiles, QEMU's user mode runs the tests.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)

# -static is the name of Debian's package qemu-user-static, which needs no libraries of its own.
find_program(QWQ_QEMU NAMES qemu-aarch64-static qemu-aarch64)
if(QWQ_QEMU)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${QWQ_QEMU} -L ${CMAKE_FIND_ROOT_PATH})
endif()
