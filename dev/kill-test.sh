#!/usr/bin/env bash
# Trains a router, three routers of different lambda side by side and a DiT of the demo size, each once undisturbed and once killed (kill -9) at random
# moments and resumed after each, and compares what the two runs leave: every file but TensorBoard's events must have the same bytes. Samples 2,000
# images by one process, by two and by three ranks, and once more by three of which random ones are killed, N / 2 kills in all, and begun again: the
# npz must be the same each time. Then the same at chosen moments: at every system call that creates, renames or flushes, and for the other commands
# too (dev/kill-at-calls.sh, which needs strace).
# Usage: dev/kill-test.sh [--kills N] [--seed S] [--only train-router|side-by-side|train|ranks|calls] [--keep DIR]      N is 10; the seed is printed.
# L2C names the program: default, that of a Release build here. Ends with 0 when all files agree, else 1; 2 for wrong arguments.
set -euo pipefail
cd "$(dirname "$0")/.."

kills=10 seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ') only="" keep=""
while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || { echo "kill-test.sh: $1 needs a value" >&2; exit 2; }
    case "$1" in
        --kills) kills=$2 ;;
        --seed) seed=$2 ;;
        --only) only=$2 ;;
        --keep) keep=$2 ;;
        *) echo "kill-test.sh: unknown argument $1; takes --kills N, --seed S, --only train-router|side-by-side|train|ranks|calls, --keep DIR" >&2; exit 2 ;;
    esac
    shift 2
done
case "$only" in ""|train-router|side-by-side|train|ranks|calls) ;; *) echo "kill-test.sh: --only needs train-router, side-by-side, train, ranks or calls" >&2; exit 2 ;; esac
[[ "$kills$seed" =~ ^[0-9]+$ ]] || { echo "kill-test.sh: --kills and --seed need whole numbers" >&2; exit 2; }

if [ -z "${L2C:-}" ]; then
    dotnet build src/L2c.Cli -c Release --verbosity quiet --nologo
    L2C=$PWD/src/L2c.Cli/bin/Release/net10.0/l2c
fi

work=${keep:-$(mktemp -d)}
mkdir -p "$work"
[ -n "$keep" ] || trap 'rm -rf "$work"' EXIT
RANDOM=$((seed % 32768))
echo "seed $seed"
status=0

# Milliseconds of the clock.
now() { date +%s%3N; }

# run NAME ARGUMENTS...: the comparison for one command.
run() {
    local name=$1 began took pid killed=0 life newest
    shift
    began=$(now)
    "$L2C" "$@" --out "$work/$name-undisturbed" --no-progress >"$work/$name.log" 2>&1 || { cat "$work/$name.log" >&2; return 1; }
    took=$(($(now) - began))
    echo "$name: undisturbed in $took ms"

    # A life lasts up to a quarter of the undisturbed run, and a little more for the start: so the kills spread over the run, and some hit the start
    # itself.
    while [ "$killed" -lt "$kills" ]; do
        life=$((RANDOM * (took / 4 + 600) / 32768))
        "$L2C" "$@" --out "$work/$name-killed" --no-progress --resume-from-checkpoint latest >"$work/$name.log" 2>&1 &
        pid=$!
        sleep "$(printf '%d.%03d' $((life / 1000)) $((life % 1000)))"
        if kill -9 "$pid" 2>/dev/null; then
            wait "$pid" 2>/dev/null || true
            killed=$((killed + 1))
            newest=$(cd "$work/$name-killed" 2>/dev/null && find . -path '*checkpoints/0*' | LC_ALL=C sort | tail -n 1) || true
            echo "$name: kill $killed after $life ms, newest state ${newest:-none}"
        else
            # It came to its end: its files are compared, then it begins anew, so that all kills happen.
            wait "$pid" || { cat "$work/$name.log" >&2; return 1; }
            compare "$name" || return 1
            echo "$name: finished and agreed; begins anew"
            rm -rf "$work/$name-killed"
        fi
    done

    "$L2C" "$@" --out "$work/$name-killed" --no-progress --resume-from-checkpoint latest >"$work/$name.log" 2>&1 ||
        { cat "$work/$name.log" >&2; return 1; }
    compare "$name" || return 1
    echo "$name: $kills kills, all files agree"
}

# compare NAME: the two folders have the same files with the same bytes.
compare() {
    local a=$work/$1-undisturbed b=$work/$1-killed names
    names() { (cd "$1" && find . -type f ! -path '*/tensorboard/*' | LC_ALL=C sort); }
    diff <(names "$a") <(names "$b") || { echo "$1: other files" >&2; return 1; }
    [ "$(names "$a" | wc -l)" -ge 4 ] || { echo "$1: too few files to compare" >&2; return 1; }
    names "$a" | while read -r file; do
        cmp "$a/$file" "$b/$file" || return 1
    done || { echo "$1: other bytes" >&2; return 1; }
}

# Sleeps a random time of at most so many milliseconds.
nap() {
    local life=$((RANDOM * $1 / 32768))
    sleep "$(printf '%d.%03d' $((life / 1000)) $((life % 1000)))"
}

# gather N: joins the folder of N ranks and holds the file against that of one process.
gather() {
    "$L2C" gather "$work/set-$1" --out "$work/set-$1.npz" --force >"$work/set.log" 2>&1 || { cat "$work/set.log" >&2; return 1; }
    cmp "$work/set-1.npz" "$work/set-$1.npz" || { echo "ranks: another file from $1 ranks" >&2; return 1; }
}

# ranks: the comparison for a set of images.
ranks() {
    local set=("$L2C" sample --count 2000 --steps 5 --cache none --device cpu --no-progress) began took life rank n killed=0 restarts=0 pids=()
    began=$(now)
    "${set[@]}" --out "$work/set-1.npz" >"$work/set.log" 2>&1 || { cat "$work/set.log" >&2; return 1; }
    took=$(($(now) - began))
    echo "ranks: 2000 images by one process in $took ms, $(sha256sum <"$work/set-1.npz" | cut -c1-64)"
    for n in 2 3; do
        pids=()
        for ((rank = 0; rank < n; rank++)); do
            "${set[@]}" --out "$work/set-$n" --rank "$rank" --ranks "$n" >"$work/rank-$rank.log" 2>&1 &
            pids+=($!)
        done
        for ((rank = 0; rank < n; rank++)); do
            wait "${pids[rank]}" || { cat "$work/rank-$rank.log" >&2; return 1; }
        done
        gather "$n" || return 1
        echo "ranks: the same file from $n ranks"
    done

    # Short lives, so that all kills happen before the work is done.
    rm -rf "$work/set-3"
    start() {
        "${set[@]}" --out "$work/set-3" --rank "$1" --ranks 3 >"$work/rank-$1.log" 2>&1 &
        pids[$1]=$!
    }
    life=$((took / 10 + 300))
    for rank in 0 1 2; do start "$rank"; done
    while [ "$killed" -lt $((kills / 2)) ]; do
        nap "$life"
        rank=$((RANDOM % 3))
        if kill -9 "${pids[rank]}" 2>/dev/null; then
            wait "${pids[rank]}" 2>/dev/null || true
            killed=$((killed + 1))
            echo "ranks: kill $killed of rank $rank, $(ls "$work/set-3" 2>/dev/null | grep -c '^chunk-' || true) chunks are there"
        else
            # It came to its end before: it says so again.
            wait "${pids[rank]}" || { cat "$work/rank-$rank.log" >&2; return 1; }
            restarts=$((restarts + 1))
            [ "$restarts" -lt 20 ] || { echo "ranks: all is done after $killed kills; this machine is too fast for the test" >&2; return 1; }
        fi
        start "$rank"
    done
    for rank in 0 1 2; do
        wait "${pids[rank]}" || { cat "$work/rank-$rank.log" >&2; return 1; }
    done
    gather 3 || return 1
    echo "ranks: the same file after $killed kills"

    for ((killed = 0; killed < 3; killed++)); do
        "${set[@]}" --out "$work/alone.npz" >"$work/set.log" 2>&1 &
        nap "$((took / 4 + 300))"
        if kill -9 $! 2>/dev/null; then wait $! 2>/dev/null || true; else wait $! || true; fi
    done
    [ -f "$work/alone.npz" ] || "${set[@]}" --out "$work/alone.npz" >"$work/set.log" 2>&1 || { cat "$work/set.log" >&2; return 1; }
    cmp "$work/set-1.npz" "$work/alone.npz" || return 1
    [ ! -e "$work/alone.npz.parts" ] || { echo "ranks: chunks are left beside the file" >&2; return 1; }
    echo "ranks: the same file from one process after 3 kills"
}

length=(--device cpu --max-steps 120 --ckpt-every 7 --log-every 3 --sample-every 40)
router=(train-router "${length[@]}" --steps 10 --draws 2 --batch 2 --lr 0.05)
[[ -n "$only" && "$only" != train-router ]] || run train-router "${router[@]}" || status=1
[[ -n "$only" && "$only" != side-by-side ]] || run side-by-side "${router[@]}" --l1 1e-6,5e-6,2e-4 || status=1
[[ -n "$only" && "$only" != train ]] || run train train "${length[@]}" --batch 8 || status=1
[[ -n "$only" && "$only" != ranks ]] || ranks || status=1
[[ -n "$only" && "$only" != calls ]] || L2C=$L2C dev/kill-at-calls.sh ${keep:+--keep "$keep/calls"} || status=1
[ "$status" -eq 0 ] && echo "kill-test.sh: everything agrees" || echo "kill-test.sh: FAILED (seed $seed)" >&2
exit "$status"
