# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
# shellcheck shell=bash disable=SC2154
# Part of ./dev: installs what deploy/packages.txt names.

# The packages of the given sections of deploy/packages.txt, one per line.
packages_of() {
  local section='' line
  while read -r line; do
    line=${line%%#*}
    line=${line%"${line##*[![:space:]]}"}
    case $line in
      '') ;;
      \[*\]) section=${line:1:-1} ;;
      *) if [[ " $* " == *" $section "* ]]; then printf '%s\n' "$line"; fi ;;
    esac
  done < deploy/packages.txt
}

# Shows lines one over the other on a terminal, and nothing elsewhere.
show_passing_by() {
  local line
  if [[ -z $bold ]]; then cat > /dev/null; return; fi
  while IFS= read -r line; do printf '\r\e[K    %.80s' "$line" >&2; done
  printf '\r\e[K' >&2
}

# apt STEP ARGUMENT..: apt-get into the log; shows the end of the log when it fails.
apt() {
  local log=build/apt.log as_root=()
  if [[ $(id -u) != 0 ]]; then
    as_root=(sudo)
    if [[ ! -t 0 ]]; then as_root+=(-n); fi  # nobody is there to type a password
  fi
  if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -q -y \
      -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 "$@" 2>&1 < /dev/null |
      tee -a "$log" | show_passing_by; then
    printf '%s\n' "---- the end of $log" >&2
    tail -n 25 "$log" >&2
    fail "apt-get $1 failed; see above, the whole log is $log"
  fi
}

# install_missing SECTION..: installs what these sections name. A stamp remembers that it was done.
install_missing() {
  local stamp="build/.stamps/packages-${*// /-}"
  local sum missing=() wanted package
  sum=$(cksum < deploy/packages.txt)
  if [[ -f $stamp && $(< "$stamp") == "$sum" ]]; then return; fi
  mkdir -p build/.stamps

  if ! command -v dpkg-query > /dev/null || ! command -v apt-get > /dev/null; then
    step "No apt on this system: please install what deploy/packages.txt names. Going on."
    return
  fi
  mapfile -t wanted < <(packages_of "$@")
  for package in "${wanted[@]}"; do
    # shellcheck disable=SC2016 # a dpkg-query format
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2> /dev/null | grep -qx installed ||
      missing+=("$package")
  done
  if ((${#missing[@]})); then
    if [[ $(id -u) != 0 ]] && ! command -v sudo > /dev/null; then
      fail "packages are missing, and you are neither root nor is there sudo. As root, run:
  apt-get install ${missing[*]}"
    fi
    step "Installing ${#missing[@]} Debian packages (log: build/apt.log): ${missing[*]}"
    : > build/apt.log
    apt update
    apt install --no-install-recommends "${missing[@]}"
  fi
  printf '%s\n' "$sum" > "$stamp"
}
