#!/usr/bin/env bash
# Kills train-router, train, sweep, sample, encode, gather and the converter at every system call by which they create, cut, rename, delete or flush
# something in their folder, one call per run, and runs the same command again (training with --resume-from-checkpoint latest): it must end well, and the
# files must be those of an undisturbed run, TensorBoard's events and a sweep's times apart. Then the same with a disk that is full from some write on.
# Usage: dev/kill-at-calls.sh [--only train-router|side-by-side|train|train-force|sweep|sample|encode|set|gather|converter] [--keep DIR]
# L2C and CONVERTER name the programs: default, those of a Release build here. Needs strace; without it nothing is done, and said.
set -euo pipefail
cd "$(dirname "$0")/.."

only="" keep=""
while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || { echo "kill-at-calls.sh: $1 needs a value" >&2; exit 2; }
    case "$1" in
        --only) only=$2 ;;
        --keep) keep=$2 ;;
        *) echo "kill-at-calls.sh: unknown argument $1; takes --only NAME, --keep DIR" >&2; exit 2 ;;
    esac
    shift 2
done
case "$only" in
    "" | train-router | side-by-side | train | train-force | sweep | sample | encode | set | gather | converter) ;;
    *) echo "kill-at-calls.sh: --only $only: takes train-router, side-by-side, train, train-force, sweep, sample, encode, set, gather or converter" >&2; exit 2 ;;
esac

if ! strace -qq -o /dev/null true 2>/dev/null; then
    echo "kill-at-calls.sh: skipped, strace is not installed or may not trace here"
    exit 0
fi

build() { dotnet build "$1" -c Release --verbosity quiet --nologo; }
[ -n "${L2C:-}" ] || { build src/L2c.Cli; L2C=$PWD/src/L2c.Cli/bin/Release/net10.0/l2c; }
[ -n "${CONVERTER:-}" ] || { build tools/weights-converter; CONVERTER=$PWD/tools/weights-converter/bin/Release/net10.0/weights-converter; }

work=${keep:-$(mktemp -d)}
mkdir -p "$work"
work=$(cd "$work" && pwd -P)
[ -n "$keep" ] || trap 'rm -rf "$work"' EXIT
export DOTNET_EnableDiagnostics=0
status=0

# Calls by which a program changes names and brings things to the disk; of openat those that create.
names=openat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,unlink,unlinkat,rmdir,ftruncate,fsync,fdatasync

# places OUT CALLS: "CALL N LINE" for each call of the first thread on something in OUT; N counts its calls of that name.
places() {
    awk -v out="$1" -v writes="$3" '
        FNR == 1 { first = $1 }
        $1 == first {
            call = $2; sub(/\(.*/, "", call); count[call]++
            if (index($0, out "/") == 0 && index($0, "\"" out "\"") == 0 && index($0, "<" out ">") == 0) next
            if (writes ? call != "pwrite64" : (call == "pwrite64" || (call == "openat" && $0 !~ /O_CREAT/))) next
            sub(/^[0-9]+ +/, ""); gsub(/\.l2c-[a-z0-9.]*tmp/, "TEMPORARY"); print call, count[call], $0
        }' "$2"
}

# trace LOG CALLS INJECTION COMMAND...: runs it under strace.
trace() {
    local log=$1 calls=$2 injection=$3
    shift 3
    strace -f -qq -y -s 400 -o "$log" -e "trace=$calls" ${injection:+-e "inject=$injection"} "$@" >"$work/output" 2>&1
}

# files FOLDER: what is compared of it: a line per file, with its checksum. The times of a sweep's rows are left out.
files() {
    (cd "$1" && find . -type f ! -path '*/tensorboard/*' | LC_ALL=C sort | while read -r file; do
        case "$file" in
            */sweep.csv) echo "$file $(cut -d, -f1-5,8- "$file" | sha256sum)" ;;
            *) echo "$file $(sha256sum <"$file")" ;;
        esac
    done)
}

# fail NAME WHAT: tells what went wrong after which kill.
fail() {
    echo "$1: $2" >&2
    cat "$work/output" >&2
    status=1
}

# check NAME COMMAND...: runs the command and compares its folder with the undisturbed one.
check() {
    local name=$1 what=$2
    shift 2
    "$@" >"$work/output" 2>&1 || { fail "$name" "does not go on after $what"; return; }
    diff <(files "$work/$name-undisturbed") <(files "$work/$name") >"$work/difference" || { cat "$work/difference" >&2; fail "$name" "other files after $what"; }
}

# begin NAME: the folder as the command finds it.
begin() {
    rm -rf "${work:?}/$1"
    if [ -d "$work/$1-before" ]; then cp -a "$work/$1-before" "$work/$1"; else mkdir "$work/$1"; fi
}

# run NAME FIRST AGAIN: kills FIRST at each place, then runs AGAIN. Both are arrays; OUT in them is the folder.
run() {
    local name=$1 hits=0 kills=0 call number line code
    local -n first=$2 again=$3
    local out=$work/$name
    [ -z "$only" ] || [ "$only" = "$name" ] || return 0
    begin "$name"
    trace "$work/trace" "$names,pwrite64" "" "${first[@]//OUT/$out}" || { fail "$name" "the undisturbed run failed"; return 0; }
    places "$out" "$work/trace" "" >"$work/places"
    places "$out" "$work/trace" 1 >"$work/writes"
    unflushed "$name" "$work/places"
    rm -rf "$out-undisturbed"
    mv "$out" "$out-undisturbed"

    while read -r call number line; do
        begin "$name"
        code=0
        trace "$work/trace" "$names" "$call:signal=KILL:when=$number" "${first[@]//OUT/$out}" 2>/dev/null || code=$?
        [ "$code" -ge 128 ] && kills=$((kills + 1))
        grep -F "$call(" "$work/trace" | tail -n 1 | grep -qF "$out" && hits=$((hits + 1))
        [ "$code" -eq 0 ] || [ "$code" -ge 128 ] || fail "$name" "ended with $code instead of being killed at $call number $number"
        check "$name" "$call number $number: $line" "${again[@]//OUT/$out}"
    done <"$work/places"
    local wanted
    wanted=$(wc -l <"$work/places")
    echo "$name: $kills of $wanted kills, $hits of them at the call of the undisturbed run"
    # Threads share the work differently in each run, so that a few calls may not come in a run that is to be killed there.
    [ $((10 * kills)) -ge $((9 * wanted)) ] && [ "$hits" -gt 0 ] || fail "$name" "was not killed where it should have been"

    # A disk that is full from that write on. Twenty places, evenly spaced: the first write of a file and the middle of a log are much alike.
    local step=$((($(wc -l <"$work/writes") + 19) / 20)) full=0
    while read -r call number line; do
        begin "$name"
        code=0
        trace "$work/trace" pwrite64 "pwrite64:error=ENOSPC:when=$number+" "${first[@]//OUT/$out}" || code=$?
        [ "$code" -ne 0 ] || continue
        [ "$code" -eq 1 ] || fail "$name" "ended with $code instead of 1 on a full disk"
        full=$((full + 1))
        ! grep -qE '\.l2c-|unexpected|Unhandled' "$work/output" || fail "$name" "the message names a hidden file, or is none"
        check "$name" "a full disk: $line" "${again[@]//OUT/$out}"
    done < <(awk -v step="$step" 'NR % step == 0 || NR == 1' "$work/writes")
    echo "$name: $full times a full disk"
    [ "$full" -gt 0 ] || fail "$name" "no write met the full disk"
}

# unflushed NAME PLACES: the call behind a rename flushes the folder of the new name.
unflushed() {
    awk '
        wanted != "" && !($1 == "fsync" && index($0, "<" wanted ">")) { print rename }
        { wanted = "" }
        /^rename/ { rename = $0; split($0, part, "\""); wanted = part[4]; sub(/\/[^\/]*$/, "", wanted) }
        END { if (wanted != "") print rename }' "$2" >"$work/unflushed"
    [ ! -s "$work/unflushed" ] || { cat "$work/unflushed" >&2; fail "$1" "a rename is not followed by a flush of its folder"; }
}

length=(--device cpu --threads 1 --max-steps 5 --ckpt-every 2 --log-every 1 --no-progress --out OUT)
router=("$L2C" train-router --steps 4 --draws 1 --batch 1 --lr 0.05 "${length[@]}")
train=("$L2C" train --model 2x16x2/8 --batch 4 --sample-every 2 "${length[@]}")
router_again=("${router[@]}" --resume-from-checkpoint latest)
several=("${router[@]}" --l1 1e-6,2e-4)
several_again=("${several[@]}" --resume-from-checkpoint latest)
train_again=("${train[@]}" --resume-from-checkpoint latest)
run train-router router router_again
run side-by-side several several_again
run train train train_again

# before NAME COMMAND...: what the command finds in its folder.
before() {
    local name=$1
    shift
    [ -z "$only" ] || [ "$only" = "$name" ] || return 0
    rm -rf "$work/$name-before"
    mkdir "$work/$name-before"
    "${@//OUT/$work/$name-before}" >"$work/output" 2>&1 || fail "$name" "what was to be there before failed"
}

# A run in the place of an older one of the same settings, which may be finished instead.
before train-force "${train[@]}"
train_force=("${train[@]}" --force)
run train-force train_force train_again

sweep=("$L2C" sweep --steps 2 --count 4 --data-count 8 --rules top:1 --device cpu --threads 1 --no-progress --out OUT)
run sweep sweep sweep

sample=("$L2C" sample --steps 4 --count 2 --device cpu --threads 1 --cache all --no-progress --out OUT/a.png --force
    --trajectory OUT/states.safetensors --save-schedule OUT/schedule.json)
before sample "${sample[@]}" --seed 1
run sample sample sample

if [ -z "$only" ] || [ "$only" = encode ]; then
    rm -f "$work/vae.safetensors"
    dev/make-random-checkpoint.sh "$work/vae.safetensors" --model tiny-VAE >"$work/output" 2>&1 || fail encode "there is no autoencoder"
fi
encode=("$L2C" encode tests/fixtures/crops OUT --vae "$work/vae.safetensors" --image-size 32 --shard-size 6 --device cpu --threads 1 --no-progress)
run encode encode encode

# Of a set of images: chunks, settings, the file, and tidying up.
set=("$L2C" sample --count 70 --steps 2 --cache none --device cpu --threads 1 --no-progress --out OUT/a.npz)
run set set set

before gather "$L2C" sample --count 70 --steps 2 --cache none --device cpu --threads 1 --no-progress --out OUT/ranks --rank 0 --ranks 1
gather=("$L2C" gather OUT/ranks --out OUT/a.npz --force)
run gather gather gather

model=$(dirname "$L2C")/models/shapes-dit8.safetensors
converter=("$CONVERTER" "$model" OUT/out.safetensors --force --verify)
before converter "$CONVERTER" "$model" OUT/out.safetensors --dtype fp16
run converter converter converter

[ "$status" -eq 0 ] && echo "kill-at-calls.sh: everything agrees" || echo "kill-at-calls.sh: FAILED" >&2
exit "$status"
