#!/usr/bin/env bash
# The images that the suite takes from others. One that is there is used; else it is pulled; where it cannot be pulled, one of
# the same tag is made here from Debian and the package registries (test/system/image/stand-ins). Says of each what became of it.
#
#   base-images.sh IMAGE...     IMAGE: a tag below, or `all`
#
# Exit code 1: one is missing, and a line "IMAGE missing: REASON" says why.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/stand-ins"
repository=$(cd ../../../.. && pwd)

# The tag, and the folder of its stand-in.
declare -A stand_ins=(
  [node:24-slim]=node
  [public.ecr.aws/lambda/nodejs:24]=function
  [localstack/localstack:4.14.0]=localstack
  [ministackorg/ministack:1.5]=ministack
  [motoserver/moto:5.2.3]=moto
  [softwaremill/elasticmq:1.6.14]=elasticmq
  [ghcr.io/etspaceman/kinesis-mock:0.5.2]=kinesis-mock
  [amazon/dynamodb-local:2.6.1]=dynamodb-local
  [amazon/aws-cli:latest]=aws-cli
  [testcontainers/sshd:1.4.0]=sshd
)
debian=millrace-test/debian:trixie
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Machines behind a proxy that signs certificates itself trust a bundle that the images must trust as well.
certificates=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}

present() { docker image inspect "$1" >/dev/null 2>&1; }

# Debian's smallest system, out of its packages.
make_debian() {
  exec 9>"$scratch/debian.lock"
  flock 9
  if present "$debian"; then return; fi
  if [ "$(id -u)" -ne 0 ]; then echo 'debootstrap needs root'; return 1; fi
  if ! command -v debootstrap >/dev/null; then
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends debootstrap; } >"$scratch/apt.log" 2>&1 ||
      { echo "debootstrap cannot be installed: $(tail -n 1 "$scratch/apt.log")"; return 1; }
  fi
  debootstrap --variant=minbase trixie "$scratch/root" >"$scratch/debootstrap.log" 2>&1 ||
    { echo "debootstrap: $(tail -n 1 "$scratch/debootstrap.log")"; return 1; }
  rm -rf "$scratch"/root/var/cache/apt/* "$scratch"/root/var/lib/apt/lists/*
  local changes=()
  if [ -r "$certificates" ]; then
    cp -L "$certificates" "$scratch/root/etc/machine-certificates.pem"
    local name
    for name in NODE_EXTRA_CA_CERTS SSL_CERT_FILE PIP_CERT REQUESTS_CA_BUNDLE CURL_CA_BUNDLE; do
      changes+=(--change "ENV $name=/etc/machine-certificates.pem")
    done
  fi
  tar -C "$scratch/root" -c . | docker import "${changes[@]}" - "$debian" >/dev/null
  rm -rf "$scratch/root"
}

# Jars of Maven's registry as the suite of real backends has installed them. Maven itself is not worth its time here.
jars() {
  local from=${MILLRACE_BACKENDS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/millrace-backends}/$1
  if [ ! -e "$from/.installed" ]; then echo 'its jars are not installed: npm run test:backends brings them'; return 1; fi
  cp -r "$from/jars" "$2"
}

# What a stand-in's Dockerfile copies beside its own folder.
gather() {
  case $1 in
    node)
      cp "$repository/node_modules/node/bin/node" "$2/node" || { echo 'the pinned Node is not installed: npm ci'; return 1; }
      (cd "$2" && npm pack --silent npm@11.21.2 >/dev/null && mv npm-*.tgz npm.tgz)
      ;;
    localstack) cp "$repository/test/system/backends/localstack/constraints.txt" "$2" ;;
    elasticmq) jars elasticmq "$2" && javac --release 17 -cp "$2/jars/*" -d "$2" "$2/Queues.java" 2>&1 ;;
    dynamodb-local) jars dynamodb-local "$2" ;;
    kinesis-mock)
      cp -rL "$repository/node_modules/kinesis-local" "$2" 2>/dev/null || { echo 'the package kinesis-local is not installed'; return 1; }
      ;;
  esac
}

make() {
  local tag=$1 name=$2
  # In a shell of its own, which gives the lock back at its end.
  (make_debian) || return 1
  cp -r "$name" "$scratch/$name"
  gather "$name" "$scratch/$name" || return 1
  docker build --quiet --network host --tag "$tag" "$scratch/$name" >"$scratch/$name.log" 2>&1 ||
    { tail -n 3 "$scratch/$name.log" | tr '\n' ' '; return 1; }
  rm -rf "${scratch:?}/$name"
}

obtain() {
  local tag=$1 name=${stand_ins[$1]:-} reason
  if present "$tag"; then
    echo "$tag present"
  elif timeout 600 docker pull --quiet "$tag" >/dev/null 2>&1; then
    echo "$tag pulled"
  elif [ -z "$name" ]; then
    echo "$tag missing: it cannot be pulled, and nothing here stands in for it"
    return 1
  elif reason=$(make "$tag" "$name"); then
    echo "$tag made here, it cannot be pulled"
  else
    echo "$tag missing: it cannot be pulled, and making one fails: $reason"
    return 1
  fi
}

wanted=("$@")
if [ "${1:-all}" = all ]; then wanted=("${!stand_ins[@]}"); fi

# The base of all stand-ins and the base of ours come first; the others are pulled or made side by side.
absent=()
for image in "${wanted[@]}"; do present "$image" || absent+=("$image"); done
if [ "${#absent[@]}" -gt 0 ]; then obtain node:24-slim >/dev/null; fi
jobs=()
for image in "${wanted[@]}"; do
  obtain "$image" &
  jobs+=($!)
done
missing=0
for job in "${jobs[@]}"; do wait "$job" || missing=1; done
exit $missing
