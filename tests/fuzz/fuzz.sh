# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
# shellcheck shell=bash
# Part of ./dev: builds and runs the fuzz targets.

# seconds TIME: 20s, 5m or 2h as seconds.
seconds() {
  [[ $1 =~ ^([1-9][0-9]{0,5})([smh])$ ]] ||
    wrong_call "--for takes a time such as 20s, 5m or 2h, not '$1'"
  local unit=1
  case ${BASH_REMATCH[2]} in
    m) unit=60 ;;
    h) unit=3600 ;;
  esac
  printf '%s' $((BASH_REMATCH[1] * unit))
}

# Fails with the name of the package unless Clang can link with libFuzzer.
need_libfuzzer() {
  local version
  if ! command -v clang++ > /dev/null; then
    fail "fuzz needs Clang and its runtime. On Debian:
  apt-get install clang libclang-rt-14-dev"
  fi
  if ! clang++ -fsanitize=fuzzer,address,undefined -x c++ -o /dev/null - 2> /dev/null <<'CODE'
extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }
CODE
  then
    version=$(clang++ -dumpversion)
    fail "Clang is here, but not its libFuzzer. On Debian:
  apt-get install libclang-rt-${version%%.*}-dev"
  fi
}

run_fuzzers() {
  local time=60 targets=() file target status=0
  while (($#)); do
    case $1 in
      --for)
        if (($# < 2)); then wrong_call "--for needs a value; see ./dev help fuzz"; fi
        time=$(seconds "$2")
        shift
        ;;
      --for=*)
        set -- --for "${1#*=}" "${@:2}"
        continue
        ;;
      -*) wrong_call "fuzz does not know '$1'; see ./dev help fuzz" ;;
      *)
        [[ -d tests/fuzz/corpus/$1 ]] || wrong_call "there is no fuzz target '$1'; there are: $(
          cd tests/fuzz/corpus && printf '%s ' *)"
        targets+=("$1")
        ;;
    esac
    shift
  done
  if ((${#targets[@]} == 0)); then
    for file in tests/fuzz/corpus/*; do targets+=("${file##*/}"); done
  fi
  install_missing build test
  need_libfuzzer
  build fuzz "${targets[@]/#/fuzz_}"
  for target in "${targets[@]}"; do
    step "Fuzzing $target for $time s"
    mkdir -p "build/fuzz/corpus/$target"
    build/fuzz/tests/"fuzz_$target" -max_total_time="$time" -timeout=10 -print_final_stats=1 \
      -artifact_prefix="build/fuzz/broken-$target-" \
      "build/fuzz/corpus/$target" "tests/fuzz/corpus/$target" > "build/fuzz/$target.log" 2>&1 ||
      { status=1; grep -v '^#' "build/fuzz/$target.log" | tail -n 60 >&2; continue; }
    grep -E '^stat::number_of_executed_units' "build/fuzz/$target.log" >&2 || true
  done
  if ((status)); then fail "a target broke; its input is named above"; fi
}
