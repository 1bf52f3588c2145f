#!/bin/sh
# Joint Filter: learned joint image filtering
# SPDX-License-Identifier: GPL-3.0-or-later
#
# demo: denoise a photo by its flash photo in GIMP
#
# Usage: demo.sh PSNR FOLDER [NOFLASH FLASH OUT], where joint-filter's GIMP is set up (./dev demo does it)
# Without photos it takes the sample, whose clean truth is known, and leaves the pictures in FOLDER.
set -u

here=$(dirname -- "$(readlink -f -- "$0")")
sample=$(readlink -f -- "$here/../data/sample")

die ()
{
  printf 'demo: %s\n' "$*" >&2
  exit 1
}

# A text as a Scheme string.
quote ()
{
  printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"
}

# Runs a call of denoise.scm in GIMP.  What GIMP writes is of interest only when that fails: then it says what failed,
# and why, in one line.
call ()
{
  gimp-console --no-interface --no-data --no-fonts --no-splash --batch-interpreter plug-in-script-fu-eval \
    --batch "(begin (load $(quote "$here/denoise.scm")) $1)" --quit < /dev/null > "$scratch/log" 2>&1 && return

  why=$(sed -n 's/^Error: \(Procedure execution of [^:]*: \)*//p' "$scratch/log")
  [ -n "$why" ] || cat "$scratch/log" >&2
  die "GIMP could not do it: $why"
}

# GIMP writes to a folder of ours first: a failure leaves an older OUT as it was.
denoise ()
{
  printf 'Denoising %s by %s in GIMP %s ...\n' "$1" "$2" "$(gimp-console --version | sed 's/.* //')"
  call "(denoise $(quote "$1") $(quote "$2") $(quote "$scratch/${3##*/}"))"
  mv "$scratch/${3##*/}" "$3" || die "cannot write $3"
}

check_photos ()
{
  for photo in "$1" "$2"; do
    [ -f "$photo" ] || die "there is no photo $photo"
    [ -r "$photo" ] || die "you may not read $photo"
    [ "$(readlink -f -- "$photo")" != "$(readlink -f -- "$3")" ] || die "$3 would replace one of your photos: choose another name for the result"
  done
  [ -d "$(dirname -- "$3")" ] || die "there is no folder $(dirname -- "$3") for the result"
  [ -w "$(dirname -- "$3")" ] || die "you may not write into $(dirname -- "$3")"
  [ ! -d "$3" ] || die "$3 is a folder: name a file for the result, such as $3/denoised.png"
  case ${3##*/} in
    ?*.?*) ;;
    *) die "the name of the result says its type: $3.png, $3.jpg, $3.tif, ..." ;;
  esac
}

absolute ()
{
  case $1 in
    /*) printf '%s' "$1" ;;
    *)  printf '%s/%s' "$PWD" "$1" ;;
  esac
}

psnr=$1
folder=$2
shift 2
scratch=$(mktemp -d "${TMPDIR:-/tmp}/joint-filter.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ $# = 3 ]; then
  check_photos "$@"
  denoise "$(absolute "$1")" "$(absolute "$2")" "$(absolute "$3")"
  printf 'Denoised photo: %s\n' "$3"
  exit
fi

mkdir -p "$folder" || exit 1
denoise "$sample/noflash.png" "$sample/flash.png" "$folder/denoised.png"
call "(put-side-by-side $(quote "$sample/noflash.png") $(quote "$folder/denoised.png") $(quote "$folder/before-after.png"))"

printf 'Against the clean truth %s:\n' "$sample/truth.png"
printf 'PSNR before: %s dB\n' "$("$psnr" "$sample/truth.png" "$sample/noflash.png")"
printf 'PSNR after:  %s dB\n' "$("$psnr" "$sample/truth.png" "$folder/denoised.png")"
printf 'Before and after: %s\n' "$folder/before-after.png"
