# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The Rafale authors
# shellcheck shell=bash
# Part of ./dev: the demo.

run_demo() {
  local arguments=() replay='' speed='' seed=1 own_source='' file
  while (($#)); do
    case $1 in
      --for | --replay | --speed | --seed)
        if (($# < 2)) || [[ -z $2 ]]; then
          wrong_call "$1 needs a value; see ./dev help demo"
        fi
        ;;&
      --for)
        [[ $2 =~ ^[0-9] ]] || wrong_call "--for takes a time such as 20s or 5m, not '$2'"
        arguments+=(--for "$2")
        shift
        ;;
      --replay) replay=$2; shift ;;
      --speed)
        [[ $2 =~ ^[0-9]+(\.[0-9]+)?$ ]] || wrong_call "--speed takes a number, not '$2'"
        speed=$2
        shift
        ;;
      --seed)
        [[ $2 =~ ^[0-9]+$ ]] || wrong_call "--seed takes a whole number, not '$2'"
        seed=$2
        arguments+=(-c "bikes.seed=$2")
        shift
        ;;
      --for=* | --replay=* | --speed=* | --seed=*)
        set -- "${1%%=*}" "${1#*=}" "${@:2}"
        continue
        ;;
      *)
        if [[ $1 =~ ^(-c|--config=?)?bikes\.(source|file|speed|sim\.|http\.) ]]; then own_source=yes; fi
        arguments+=("$1")
        ;;
    esac
    shift
  done
  if [[ -n $replay ]]; then
    file=$(absolute "$replay")
    [[ -f $file ]] || wrong_call "--replay: there is no file '$replay'"
    [[ -r $file ]] || wrong_call "--replay: the file '$replay' cannot be read"
    arguments=(-c bikes.source=file -c "bikes.file=$file" -c "bikes.speed=${speed:-600}"
      "${arguments[@]}")
  elif [[ -n $speed ]]; then
    wrong_call "--speed goes with --replay FILE"
  fi

  install_missing build
  build release rafale rafale-worker bike_fleet rafale-bike-api
  if [[ -z $replay && -z $own_source ]]; then
    run_with_api "$seed" "${arguments[@]}"
  else
    exec build/release/rafale local build/release/bike_fleet.so "${arguments[@]}"
  fi
}

# run_with_api SEED [ARGUMENT..]: the fleet, and the server that it polls; both end together.
run_with_api() {
  local seed=$1 url='' api
  shift
  exec {api}< <(exec build/release/rafale-bike-api --speed 600 --seed "$seed")
  # shellcheck disable=SC2064 # the process that was started now
  trap "kill $! 2> /dev/null || true" EXIT
  read -r url <&"$api" || fail "rafale-bike-api does not start"
  JCDECAUX_API_KEY=demo build/release/rafale local build/release/bike_fleet.so \
    -c bikes.source=http -c "bikes.http.url=$url" -c bikes.http.interval.secs=0.5 "$@"
}
