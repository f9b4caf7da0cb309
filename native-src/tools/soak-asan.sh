#!/bin/sh
# Holds many disturbed conversations in a JVM whose native library is built with AddressSanitizer and
# UndefinedBehaviorSanitizer. Arguments go to `qwq-bench soak` (default: --minutes 1 --conversations 200).
# JAVA_HOME: the JDK 25. Needs g++, and qwq-bench/target/qwq-bench.jar (`mvn -q -DskipTests package`).
# QWQ_SANITIZED_LIBRARY: a library that is built already, instead of building one.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
library=${QWQ_SANITIZED_LIBRARY:-}
if [ -z "$library" ]; then
  (cd "$root" && cmake --preset asan && cmake --build --preset asan --target qwq)
  library=$root/build/asan/libqwq.so
fi
[ $# -gt 0 ] || set -- --minutes 1 --conversations 200

# The JVM uses SIGSEGV itself, frees little at its end, and is not built to be checked: only the library is.
export ASAN_OPTIONS=handle_segv=0:handle_sigbus=0:detect_leaks=0:allow_user_segv_handler=1:halt_on_error=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libubsan.so)" \
  exec "$java" -Dqwq.library.path="$library" -jar "$root/qwq-bench/target/qwq-bench.jar" soak "$@"
