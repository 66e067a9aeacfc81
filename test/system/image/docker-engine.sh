#!/usr/bin/env bash
# The Docker engine for the image suite. An engine that answers is used as it is; where none does, Debian's is installed and
# started (root only), and `stop` ends that one and no other.
#
#   docker-engine.sh start STATE    exit code 0: an engine answers; 3: none can be had, the last line says why
#   docker-engine.sh stop STATE     ends the engine that `start` started with the same STATE folder
set -uo pipefail
action=${1:?start or stop} state=${2:?a folder for the state}
mkdir -p "$state"

answers() { timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

unavailable() {
  echo "$1"
  exit 3
}

# apt PROGRAM PACKAGE...: installs the packages where the program is missing.
apt() {
  local program=$1
  shift
  if command -v "$program" >/dev/null; then return; fi
  if ! command -v apt-get >/dev/null; then unavailable "$program is missing, and so is apt-get to install it"; fi
  if [ "$(id -u)" -ne 0 ]; then unavailable "$program is missing, and installing it needs root"; fi
  if [ ! -e "$state/updated" ]; then apt-get update -qq >"$state/apt.log" 2>&1 && touch "$state/updated"; fi
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >>"$state/apt.log" 2>&1 ||
    unavailable "$* cannot be installed: $(tail -n 1 "$state/apt.log")"
}

# A container without the control groups mounted is a common place to find oneself in.
mount_cgroups() {
  if mountpoint -q /sys/fs/cgroup || [ -n "$(ls /sys/fs/cgroup 2>/dev/null)" ]; then return; fi
  mount -t cgroup2 none /sys/fs/cgroup 2>/dev/null || true
}

# Without it the compose files are not tested, which the suite says itself.
compose() {
  if docker compose version >/dev/null 2>&1; then return; fi
  (apt docker-compose docker-compose)
}

start() {
  if ! answers; then apt dockerd docker.io; fi
  # Newer Debian has the program in a package of its own.
  apt docker docker-cli
  compose
  if answers; then
    echo "engine $(docker version --format '{{.Server.Version}}') was running"
    return
  fi
  if [ -n "${DOCKER_HOST:-}" ]; then unavailable "no engine answers at DOCKER_HOST=$DOCKER_HOST"; fi
  if [ "$(id -u)" -ne 0 ]; then unavailable 'no Docker engine answers, and starting one needs root'; fi
  apt iptables iptables
  mount_cgroups
  setsid dockerd >"$state/dockerd.log" 2>&1 </dev/null &
  local pid=$!
  for _ in $(seq 60); do
    if answers; then
      echo "$pid" >"$state/dockerd.pid"
      echo "engine $(docker version --format '{{.Server.Version}}') started"
      return
    fi
    if ! kill -0 "$pid" 2>/dev/null; then break; fi
    sleep 0.5
  done
  kill "$pid" 2>/dev/null
  unavailable "dockerd does not start here: $(grep -oE 'msg="[^"]*"|failed to .*' "$state/dockerd.log" | tail -n 1)"
}

stop() {
  local pid
  if ! pid=$(cat "$state/dockerd.pid" 2>/dev/null); then return; fi
  rm "$state/dockerd.pid"
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 40); do
    if ! kill -0 "$pid" 2>/dev/null; then return; fi
    sleep 0.25
  done
}

case $action in
  start) start ;;
  stop) stop ;;
  *) echo "unknown: $action" >&2; exit 2 ;;
esac
