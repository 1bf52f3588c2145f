#!/bin/sh
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# test-dev: what ./dev promises (TAP)
#
# Usage: test-dev.sh DEV, after DEV has set up and built
set -u

dev=$(readlink -f -- "$1")
sample=${dev%/*}/tests/data/sample
summary=${dev%/*}/tests/dev/summary.py
scratch=$(mktemp -d "${TMPDIR:-/tmp}/test-dev.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
number=0
failures=0


#  checks

# check NAME COMMAND…: passes when COMMAND does, which is run in the scratch folder
check ()
{
  name=$1
  shift
  number=$((number + 1))

  if (cd "$scratch" && "$@") > "$scratch/check" 2>&1; then
    echo "ok $number - $name"
  else
    echo "not ok $number - $name"
    sed 's/^/# /' "$scratch/check"
    failures=$((failures + 1))
  fi
}

skip ()
{
  number=$((number + 1))
  echo "ok $number - $1 # SKIP $2"
}

equal ()
{
  [ "$1" = "$2" ] || { printf 'got:      %s\nexpected: %s\n' "$1" "$2"; return 1; }
}

# refused TEXT COMMAND…: COMMAND fails, and its message has TEXT
refused ()
{
  text=$1
  shift
  ! said=$("$@" 2>&1 < /dev/null) || { echo "succeeded: $said"; return 1; }

  case $said in
    *"$text"*) ;;
    *) echo "said: $said"; return 1 ;;
  esac
}


#  exec

status_passes_through ()
{
  "$dev" exec sh -c 'exit 42'
  equal $? 42
}

unknown_command_is_127 ()
{
  "$dev" exec there-is-no-such-command
  equal $? 127
}

outputs_stay_apart ()
{
  "$dev" exec sh -c 'echo out; echo err >&2' > "$scratch/out" 2> "$scratch/err"
  equal "$(cat "$scratch/out")" out && equal "$(cat "$scratch/err")" err
}

input_passes_through ()
{
  equal "$(printf 'a\nb\n' | "$dev" exec tail -n 1)" b
}

arguments_stay_whole ()
{
  # shellcheck disable=SC2016
  equal "$("$dev" exec printf '<%s>' 'a b' '' '*' '$HOME' "it's" '"')" '<a b><><*><$HOME><it'\''s><">'
}

folder_stays ()
{
  mkdir -p "$scratch/a folder/inner" && cd "$scratch/a folder/inner" || return
  equal "$("$dev" exec pwd)" "$scratch/a folder/inner" || return

  echo beside > ../beside
  "$dev" exec sh -c 'cp ../beside here'
  equal "$(cat here)" beside
}

# A folder that is below none of the usual ones.
system_folder_is_seen ()
{
  folder=$(mktemp -d /var/tmp/test-dev.XXXXXX) && cd "$folder" || return
  "$dev" exec sh -c 'echo here > file'
  content=$(cat file)
  rm -r "$folder"
  equal "$content" here
}

home_is_seen ()
{
  # shellcheck disable=SC2016
  equal "$("$dev" exec sh -c 'LC_ALL=C ls -A "$HOME"')" "$(LC_ALL=C ls -A "$HOME")"
}

command_is_on_path ()
{
  "$dev" exec joint-filter --help
}

two_at_once ()
{
  "$dev" exec sh -c 'sleep 1; echo one' > "$scratch/one" &
  "$dev" exec echo two > "$scratch/two"
  wait $!
  equal "$(cat "$scratch/one" "$scratch/two")" 'one
two'
}

# Killed without warning, it must not leave a mount either.
no_mount_stays ()
{
  "$dev" exec sleep 30 &
  sleep 2
  kill -9 $!
  wait $! 2> /dev/null
  ! grep joint-filter/debian-13/ /proc/mounts
}

starts_at_once ()
{
  timeout 5 "$dev" exec true
}

# A procedure is in GIMP exactly when a script that names it can be evaluated.
gimp_has_the_plug_in ()
{
  "$dev" exec gimp-console -idfs --batch-interpreter plug-in-script-fu-eval \
    -b '(begin (script-fu-use-v3) plug-in-joint-filter-flash-denoise)' --quit
}


#  the Debian 13 system

# With a mmdebstrap that only fails, a setup that believes in the half-made system would go on.
half_made_root_is_redone ()
{
  mkdir -p "$scratch/bin" "$scratch/cache/joint-filter/debian-13/usr"
  # shellcheck disable=SC2016
  printf '#!/bin/sh\necho "E: $0 was asked"; exit 1\n' > "$scratch/bin/mmdebstrap"
  chmod +x "$scratch/bin/mmdebstrap"

  refused 'was left half-made' env PATH="$scratch/bin:$PATH" XDG_CACHE_HOME="$scratch/cache" "$dev" setup || return
  grep 'was asked' "$scratch/cache/joint-filter/setup.log" || return
  [ ! -e "$scratch/cache/joint-filter/debian-13" ]
}

clean_removes_only_its_own ()
{
  mkdir -p "$scratch/clean/joint-filter/build/other"
  XDG_CACHE_HOME=$scratch/clean "$dev" clean && [ -d "$scratch/clean/joint-filter/build/other" ]
}


#  demo

demo_gains ()
{
  said=$("$dev" demo) || return
  echo "$said"
  before=$(echo "$said" | sed -n 's/^PSNR before: *\([0-9]*\).*/\1/p')
  after=$(echo "$said" | sed -n 's/^PSNR after: *\([0-9]*\).*/\1/p')
  picture=$(echo "$said" | sed -n 's/^Before and after: //p')
  [ "$after" -gt $((before + 3)) ] && [ -s "$picture" ]
}

# The kind of file follows the name, the photos stay as they are.
demo_denoises_own_photos ()
{
  mkdir -p "$scratch/my photos" && cd "$scratch/my photos" || return
  cp "$sample/noflash.png" "$sample/flash.png" . || return

  "$dev" demo noflash.png flash.png 'so "clean".jpg' || return
  equal "$(od -An -tx1 -N2 'so "clean".jpg')" ' ff d8' || return
  cmp noflash.png "$sample/noflash.png" && cmp flash.png "$sample/flash.png"
}

demo_keeps_the_photos ()
{
  cd "$scratch" && cp "$sample/noflash.png" mine.png || return
  refused 'would replace one of your photos' "$dev" demo mine.png "$sample/flash.png" "$scratch/../${scratch##*/}/mine.png"
}


#  install

# In a GIMP with a user folder of its own, where only the formats and Script-Fu are known besides.
# shellcheck disable=SC2016
install_reaches_gimp ()
{
  "$dev" exec env XDG_CONFIG_HOME="$scratch/config" sh -c '
    links=${GIMP3_DIRECTORY%/gimp}/gimp-plug-ins
    unset GIMP3_DIRECTORY
    "$1" install && cd "$XDG_CONFIG_HOME"/GIMP/3.* &&
    echo "(plug-in-path \"\${gimp_dir}/plug-ins:$links\")" > gimprc &&
    gimp-console -idfs --batch-interpreter plug-in-script-fu-eval \
      -b "(begin (script-fu-use-v3) plug-in-joint-filter-flash-denoise)" --quit
    ' install "$dev"
}


#  summary

# A failure, a skipped test, and a program that crashed after a test that passed.
summary_counts ()
{
  printf 'ok 1 - a\nnot ok 2 - b\nok 3 - c # SKIP no data\n' > "$scratch/one.tap"
  printf '%s\n' '{"name": "x", "result": "ERROR", "stdout": "ok 1 - x\n"}' '{"name": "y", "result": "OK"}' > "$scratch/two.json"

  said=$("$dev" exec python3 "$summary" 0 "$scratch/one.tap" "$scratch/two.json")
  equal "$? $said" '1 3 passed, 2 failed, 1 skipped'
}

summary_believes_no_silent_failure ()
{
  echo 'ok 1 - a' > "$scratch/three.tap"
  said=$("$dev" exec python3 "$summary" 1 "$scratch/three.tap")
  equal "$? $said" '1 1 passed, 1 failed'
}


check 'exec passes the exit status'           status_passes_through
check 'exec of an unknown command is 127'     unknown_command_is_127
check 'exec keeps the outputs apart'          outputs_stay_apart
check 'exec passes the input'                 input_passes_through
check 'exec keeps arguments whole'            arguments_stay_whole
check 'exec stays in the folder'              folder_stays
check 'exec sees a folder of the system'      system_folder_is_seen
check 'exec sees the home folder'             home_is_seen
check 'exec has joint-filter on PATH'         command_is_on_path
check 'exec has the plug-in in GIMP'          gimp_has_the_plug_in
check 'exec works twice at once'              two_at_once
check 'exec leaves no mount, even when killed' no_mount_stays
check 'exec starts at once'                   starts_at_once
check 'exec without a command is refused'     refused 'exec what?' "$dev" exec
check 'an unknown command is refused'         refused 'no command named' "$dev" something

# shellcheck disable=SC2016
if "$dev" exec sh -c '[ -e /etc/debian-13-joint-filter ]' && [ ! -e /etc/debian-13-joint-filter ]; then
  check 'a half-made Debian 13 system is redone' half_made_root_is_redone
else
  skip 'a half-made Debian 13 system is redone' 'GIMP 3 is installed here'
fi
check 'clean removes only its own'            clean_removes_only_its_own

check 'demo gains in PSNR'                    demo_gains
check 'demo denoises own photos'              demo_denoises_own_photos
check 'demo never replaces a photo'           demo_keeps_the_photos
check 'demo says which photo is missing'      refused 'there is no photo no.png' "$dev" demo no.png no.png out.png
check 'demo says which folder is missing'     refused 'there is no folder' "$dev" demo "$dev" "$dev" no/out.png
check 'demo wants a type'                     refused 'says its type' "$dev" demo "$dev" "$dev" "$scratch/out"
check 'demo says what is no photo'            refused 'could not' "$dev" demo "$dev" "$dev" "$scratch/out.png"
check 'demo with two arguments is refused'    refused 'three' "$dev" demo a b

check 'install puts the plug-in into GIMP'    install_reaches_gimp

check 'summary counts every kind'             summary_counts
check 'summary believes no silent failure'    summary_believes_no_silent_failure

echo "1..$number"
[ "$failures" = 0 ]
