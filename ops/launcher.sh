#!/bin/sh
# The `shopstream` command of the clone in whose .venv/bin this file lies, wherever the clone was
# moved to. With -E Python takes nothing from the user's PYTHON* variables.
set -eu
self=$0
while [ -h "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=${self%/*}/$target ;;
  esac
done
# With CDPATH `cd` would go elsewhere, and tell where.
unset CDPATH
clone=$(cd "${self%/*}/../.." && pwd)
exec "${self%/*}/python" -E -P -X utf8 -c \
  'import sys; sys.path.insert(0, sys.argv.pop(1)); from ops.entry import main; main()' \
  "$clone" "$@"
