#!/bin/sh
# Print a C file that defines what script.h declares: each script of the folder $1 with prelude.lua before it, without
# comment lines and empty lines, and the SHA-1 of that text.
set -eu
export LC_ALL=C

folder=$1
names='verbs tick view confirm policy list remove lease enlist delist probe'
tmp=$(mktemp)
trap 'rm -f "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

echo '/* Made by scripts.sh from lua/. */'
echo '#include "backends/redis/script.h"'
number=0
for name in $names; do
  cat "$folder/prelude.lua" "$folder/$name.lua" | sed -e '/^ *--/d' -e '/^ *$/d' >"$tmp"
  sum=$(${SHA1SUM:-sha1sum} <"$tmp" | cut -d ' ' -f 1)
  echo
  echo "static const char ${name}_text[] = {"
  od -A n -v -t u1 "$tmp" | sed -e 's/  *\([0-9][0-9]*\)/\1,/g'
  echo '};'
  echo "const struct qkr_script qkr_script_$name = {"
  echo "  \"$name\", ${name}_text, sizeof ${name}_text, \"$sum\", $number};"
  number=$((number + 1))
done
echo
echo 'const struct qkr_script *const qkr_scripts[] = {'
for name in $names; do
  echo "  &qkr_script_$name,"
done
echo '  NULL};'
echo
echo 'const char *const qkr_script_names[] = {'
for name in $names; do
  echo "  \"$name\","
done
echo '  NULL};'
