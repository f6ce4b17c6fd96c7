#!/bin/sh
# zig's compiler, by the names that GCC's cross compilers have: `x86_64-linux-musl-g++`, `-ar` and so on are links to this file
# (scripts/setup/zig-tools.mjs), and the name says what to do.
#
# zig's driver refuses some of the linker's options, of which we need --wrap. So it gets none of them: it tells how it would
# link, and then its lld is called with our options added.
set -u
name=${0##*/}
triplet=${name%-*}
zig=${0%/*}/zig

case ${name##*-} in
  gcc) driver=cc ;;
  g++) driver=c++ ;;
  *) exec "$zig" "${name##*-}" "$@" ;;
esac

options=
count=$#
while [ "$count" -gt 0 ]; do
  case $1 in
    -Wl,*) options="$options $(printf %s "${1#-Wl,}" | tr , ' ')" ;;
    *) set -- "$@" "$1" ;;
  esac
  shift
  count=$((count - 1))
done
[ -n "$options" ] || exec "$zig" "$driver" -target "$triplet" "$@"

words=$(ZIG_VERBOSE_LINK=1 "$zig" "$driver" -target "$triplet" "$@" 2>&1)
link=$(printf '%s\n' "$words" | grep '^ld\.lld ')
if [ -z "$link" ]; then
  printf '%s\n' "$words" >&2
  exit 1
fi
# The command has no quotes, so no path in it may have blanks.
# shellcheck disable=SC2086
exec "$zig" $link $options
