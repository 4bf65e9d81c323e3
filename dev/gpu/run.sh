#!/usr/bin/env bash
# Tests and measures the CUDA engine on this machine; lies at the top of an archive of dev/gpu/pack.sh and needs neither .NET nor the repository.
# Usage: run.sh [--emulator] [--out DIR] [--only STAGE,...] [--minutes N] [--sizes 256,512] [--images 8,32,1]
#   STAGE       tests | goldens | sanitizer | bench | peer; all of them by default. bench is L2c, peer is PyTorch on the same work, in turn.
#   --emulator  the same on an emulated GPU, with small sizes: proves the archive, measures nothing.
#   --minutes   time for everything, default 8 (emulator: 30). What does not fit is cut, and the results say so.
# Writes results.json, results.md and raw.tar.gz (everything they come from) into DIR, default l2c-results; prints the table.
# Ends with 0 when all that was asked of L2c passed, 1 when something failed or its tests were cut, 2 for wrong arguments.
set -uo pipefail
root=$(cd "$(dirname "$0")" && pwd)
here=$PWD
bin=$root/bin
. "$root/lib/probe.sh"
. "$root/lib/stages.sh"
. "$root/lib/benchmarks.sh"

usage() {
    echo "run.sh: $1; usage: run.sh [--emulator] [--out DIR] [--only STAGE,...] [--minutes N] [--sizes N,...] [--images N,...]" >&2
    exit 2
}

emulator=0 out=l2c-results only="tests goldens sanitizer bench peer" minutes="" sizes="" images=""
while [ $# -gt 0 ]; do
    case "$1" in
        --emulator) emulator=1; shift; continue ;;
        --out | --only | --minutes | --sizes | --images) [ -n "${2:-}" ] || usage "$1 needs a value" ;;
        *) usage "unknown argument $1" ;;
    esac
    case "$1" in
        --out) out=$2 ;;
        --only) only=${2//,/ } ;;
        --minutes) minutes=$2 ;;
        --sizes) sizes=${2//,/ } ;;
        --images) images=${2//,/ } ;;
    esac
    shift 2
done
for word in $only; do
    case "$word" in tests | goldens | sanitizer | bench | peer) ;; *) usage "--only: $word is none of tests, goldens, sanitizer, bench, peer" ;; esac
done
for word in ${minutes:-1} $sizes $images; do
    case "$word" in *[!0-9]* | 0*) usage "$word is no whole number above 0" ;; esac
done
wanted() { case " $only " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

case "$out" in /*) ;; *) out=$here/$out ;; esac
raw=$out/raw
rm -rf "$raw"
mkdir -p "$raw"/{tests,goldens,sanitizer,bench,peer,logs} || exit 1
if [ $emulator = 1 ]; then
    minutes=${minutes:-30} sizes=${sizes:-32} images=${images:-2}
else
    minutes=${minutes:-8} sizes=${sizes:-256 512} images=${images:-8 32 1}
fi
begin_stages "$raw" $((minutes * 60))

export TESTINGPLATFORM_TELEMETRY_OPTOUT=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 L2C_CACHE=$raw/cache
if [ $emulator = 1 ]; then
    export L2C_CUDA=emulator
    unset L2C_GOLDENS_DEVICE # the default: one case of each kind in each precision
else
    export L2C_CUDA=cuda L2C_GOLDENS_DEVICE=cuda
fi

finish() {
    trap - EXIT INT TERM
    stop_stage
    status=0
    "$bin/l2c-bench" gpu-results "$raw" --out "$out" || status=$?
    rm -rf "$raw/cache"
    tar -czf "$out/raw.tar.gz" -C "$out" raw && rm -rf "$raw"
    echo "run.sh: results in $out after $SECONDS s"
    exit $status
}
trap finish EXIT
trap 'note run cut "$SECONDS" "stopped by a signal"; finish' INT TERM

probe || finish

if wanted tests; then
    run_tests kernels 150 L2c.Kernels.Tests
    run_tests model 90 L2c.Model.Tests --filter-not-trait Category=Golden Category=GoldenCuda
fi

if wanted goldens; then
    L2C_GOLDENS_REPORT=$raw/goldens/report run_tests goldens 120 L2c.Model.Tests --filter-trait Category=GoldenCuda
fi

if wanted sanitizer; then
    sanitize memcheck 150
    sanitize racecheck 150
fi

if wanted bench || wanted peer; then
    benchmarks
fi
