#!/usr/bin/env bash
# Tests and measures the CUDA engine on this machine; lies at the top of an archive of dev/gpu/pack.sh and needs neither .NET nor the repository.
# Usage: run.sh [--emulator] [--plan] [--out DIR] [--only STAGE,...] [--minutes N] [--sizes 256,512] [--images 8,32,1] [--continue DIR,...]
#   STAGE       tests | goldens | sanitizer | bench | peer; all of them by default. bench is L2c, peer is PyTorch on the same work.
#   --emulator  the same on an emulated GPU, with small sizes: proves the archive, measures nothing.
#   --minutes   time for everything, default 8 (emulator: 30). What is expected not to fit is not started, and the results say so.
#   --plan      only prints what would be started, and what each step is expected to take.
#   --continue  leaves out what earlier calls have done, whose --out these are, plans by what they took, and reports all together.
# Writes results.json, results.md and raw.tar.gz (everything they come from) into DIR, default l2c-results; prints the table.
# Ends with 0 when all that was asked of L2c passed, 1 when something failed or its tests were cut, 2 for wrong arguments.
set -uo pipefail
root=$(cd "$(dirname "$0")" && pwd)
here=$PWD
bin=$root/bin
. "$root/lib/probe.sh"
. "$root/lib/plan.sh"
. "$root/lib/stages.sh"
. "$root/lib/benchmarks.sh"

usage() {
    echo "run.sh: $1; usage: run.sh [--emulator] [--plan] [--out DIR] [--only STAGE,...] [--minutes N] [--sizes N,...] [--images N,...]" \
        "[--continue DIR,...]" >&2
    exit 2
}

emulator=0 plan_only=0 out=l2c-results only="tests goldens sanitizer bench peer" minutes="" sizes="" images="" earlier=()
while [ $# -gt 0 ]; do
    case "$1" in
        --emulator) emulator=1; shift; continue ;;
        --plan) plan_only=1; shift; continue ;;
        --out | --only | --minutes | --sizes | --images | --continue) [ -n "${2:-}" ] || usage "$1 needs a value" ;;
        *) usage "unknown argument $1" ;;
    esac
    case "$1" in
        --out) out=$2 ;;
        --only) only=${2//,/ } ;;
        --minutes) minutes=$2 ;;
        --sizes) sizes=${2//,/ } ;;
        --images) images=${2//,/ } ;;
        --continue) IFS=, read -r -a earlier <<< "$2" ;;
    esac
    shift 2
done
for word in $only; do
    case "$word" in tests | goldens | sanitizer | bench | peer) ;; *) usage "--only: $word is none of tests, goldens, sanitizer, bench, peer" ;; esac
done
for word in ${minutes:-1} $sizes $images; do
    case "$word" in *[!0-9]* | 0*) usage "$word is not a whole number above 0" ;; esac
done
for folder in "${earlier[@]}"; do
    [ "$(realpath -m "$folder")" != "$(realpath -m "$out")" ] || usage "--continue: $folder is --out too; give another"
    stages=$(tar -xzOf "$folder/raw.tar.gz" raw/stages.tsv 2> /dev/null) || usage "--continue: $folder holds no raw.tar.gz of an earlier call"
    learn_from <<< "$stages"
done
wanted() { case " $only " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

if [ $emulator = 1 ]; then
    minutes=${minutes:-30} sizes=${sizes:-32} images=${images:-2}
else
    minutes=${minutes:-8} sizes=${sizes:-256 512} images=${images:-8 32 1}
fi
if [ $plan_only = 1 ]; then
    make_plan
    print_plan
    exit
fi

case "$out" in /*) ;; *) out=$here/$out ;; esac
raw=$out/raw child=""
rm -rf "$raw"
mkdir -p "$raw"/{tests,goldens,sanitizer,bench,peer,logs} || exit 1
: > "$raw/stages.tsv"

# Beside the programs where that can be written, for the next call from here: what was compiled, and algorithms that were chosen.
cache=$root/cache
mkdir -p "$cache" 2> /dev/null && [ -w "$cache" ] || cache=$out/cache
export L2C_CACHE=$cache/l2c TORCHINDUCTOR_CACHE_DIR=$cache/inductor
export TESTINGPLATFORM_TELEMETRY_OPTOUT=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
if [ $emulator = 1 ]; then
    export L2C_CUDA=emulator
    unset L2C_GOLDENS_DEVICE # the default: one case of each kind in each precision
else
    export L2C_CUDA=cuda L2C_GOLDENS_DEVICE=cuda
fi

finish() {
    trap - EXIT INT TERM
    stop_stage
    local status=0 folders=() folder
    for folder in "${earlier[@]}"; do
        folders+=("$out/earlier/${#folders[@]}")
        mkdir -p "${folders[-1]}" && tar -xzf "$folder/raw.tar.gz" --strip-components=1 -C "${folders[-1]}"
    done
    "$bin/l2c-bench" gpu-results "${folders[@]}" "$raw" --out "$out" || status=$?
    tar -czf "$out/raw.tar.gz" -C "$out" raw && rm -rf "$raw" "$out/earlier"
    echo "run.sh: results in $out after $(now) s"
    exit $status
}
trap finish EXIT
trap 'note run cut "$(now)" "stopped by a signal"; finish' INT TERM

probe || finish

if wanted peer && ! peer_runs; then
    note peer skipped 0 "$([ -n "$torch" ] && echo "python3 has torch ${torch#* } without CUDA" || echo "python3 has no torch")"
    only=${only/peer/}
fi
if wanted sanitizer && { [ $emulator = 1 ] || [ -z "$sanitizer" ]; }; then
    for tool in memcheck racecheck; do
        note $tool skipped 0 "$([ $emulator = 1 ] && echo "the emulator itself faults on bad accesses and races" \
            || echo "no compute-sanitizer on the path or in /usr/local/cuda")"
    done
    only=${only/sanitizer/}
fi

make_plan
print_plan
carry_out
