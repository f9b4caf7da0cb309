#!/usr/bin/env bash
# Regenerates dev.qwq.nativelib.ffi from native-src/include/qwq.h.
#
#   JEXTRACT=/path/to/jextract qwq-native/regenerate-bindings.sh
#
# $JEXTRACT is openjdk/jextract built at revision f9866df (2026-08-21, libclang 14), so that
# everybody's output is the same byte for byte. The result is committed; the build itself
# needs no jextract. Two files change with the header: the bindings and bindings.includes, the list
# of symbols that are bound.
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
jextract=${JEXTRACT:-$(command -v jextract || true)}
if [[ -z $jextract || ! -x $jextract ]]; then
  echo "Set JEXTRACT to the jextract program; found '${jextract:-none}'." >&2
  exit 1
fi

package=dev.qwq.nativelib.ffi
sources=$here/src/main/java
target=$sources/${package//.//}
includes=$here/bindings.includes
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# jextract quotes the header's path in what it dumps: call it from the header's own folder.
cd "$here/../native-src/include"

# Our symbols only: nothing of stddef.h and stdint.h, not the include guard, and not the opaque
# structs, which have no layout to bind.
"$jextract" --dump-includes "$scratch/all" qwq.h 2>"$scratch/log" || { cat "$scratch/log" >&2; exit 1; }
grep -E '# header: .*/qwq\.h$' "$scratch/all" | sed -E 's/ +#.*$//' |
  grep -vE ' (QWQ_H|qwq_model|qwq_engine)$' | sort >"$includes"

"$jextract" --output "$scratch/out" --target-package "$package" --header-class-name Qwq \
  --symbols-class-name QwqSymbols "@$includes" qwq.h 2>"$scratch/log" || { cat "$scratch/log" >&2; exit 1; }
grep -vE '^$|Skipping qwq_(model|engine) ' "$scratch/log" >&2 || true

# jextract looks symbols up through the class loader, which can load a library only once per JVM.
# NativeLibrary finds the same symbols in the library's file, from any number of class loaders.
header=$scratch/out/${package//.//}/Qwq.java
sed -E -i -e '/^ +static final Arena LIBRARY_ARENA = Arena\.ofAuto\(\);$/,+1d' \
  -e '/^ +static final SymbolLookup SYMBOL_LOOKUP = SymbolLookup\.loaderLookup\(\)$/{
        N
        s/.*/    static final SymbolLookup SYMBOL_LOOKUP = dev.qwq.nativelib.NativeLibrary.symbols();/
      }' "$header"
if grep -q loaderLookup "$header" || ! grep -q 'NativeLibrary.symbols()' "$header"; then
  echo "jextract's output has changed: its symbol lookup was not recognised in Qwq.java." >&2
  exit 1
fi

rm -rf "$target"
mkdir -p "$target"
cp "$scratch/out/${package//.//}"/*.java "$target/"
echo "Bound $(wc -l <"$includes") symbols into ${target#"$here/"}."
