#!/usr/bin/env bash
# The demo's next model trains in the background, at the lowest priority, from a copy of the program that lies with its state outside the
# repository: the work tree can be built and switched while it runs. Killed or rebooted, `start` goes on from the newest state.
# It trains in rounds, so that there is always a finished model: each round's rate rises, then falls to next to nothing, and the next round begins
# with its average. `start` after a finished round begins the next one.
# Usage: dev/train-demo.sh start|pause|continue|stop|status [DIR]      DIR is ${XDG_STATE_HOME:-~/.local/state}/l2c-demo
#   start     publishes the program there unless a copy is there that knows every option, and starts or continues the round
#   pause     holds it (SIGSTOP) while something is measured; continue lets it go on
#   stop      ends it after its step; it writes its state
#   status    whether it runs, the finished rounds, its newest state, the last row of its log
# A new machine begins with the newest weights of the repository (bench/results/demo) and a new optimiser. docs/training.md says how the size was chosen.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly state=$(realpath -m "${2:-${XDG_STATE_HOME:-$HOME/.local/state}/l2c-demo}")
readonly program=$state/bin/l2c run=$state/run rounds=$state/rounds start=$state/start.safetensors steps=18000

processes() { pgrep -f -- "$program train .*--out $run " || true; }
count() { find "$rounds" -mindepth 1 -maxdepth 1 2> /dev/null | wc -l; }

# Every option is written out, so that a later default changes nothing. A round sees other pictures than every other one, and none of shapes2:1,
# which `evaluate` compares with.
options() {
    echo --init "$start" --data "shapes2:$((10 * $(count)))" --seed "$(count)" --batch 64 --lr 8e-4 --lr-warm-up 300 --lr-decay cosine \
        --lr-final 1e-6 --min-snr 5 --clip-grad-norm 0.1 --weight-decay 0 --ema 0.999 --ema-warm-up on --max-steps $steps --ckpt-every 1000 \
        --log-every 50 --device cpu --threads 1 --no-progress --out "$run" --resume-from-checkpoint latest
}

case ${1:-} in
    start)
        if [ -n "$(processes)" ]; then echo "train-demo: runs already" >&2; exit 1; fi
        # A copy of a version that does not know an option of today's is replaced; it continues the same states.
        { [ -x "$program" ] && "$program" train --help | grep -cF -- '--min-snr' > /dev/null; } ||
            dotnet publish src/L2c.Cli -c Release -o "$state/bin" --nologo -v quiet
        [ -e "$start" ] || { mkdir -p "$state"; cp bench/results/demo/next-model.safetensors "$start"; }
        case $(tail -n 1 "$run/log.csv" 2> /dev/null) in
            "$steps",*)
                cp "$run/model.safetensors" "$start.partial"
                mv "$start.partial" "$start" # first: killed between the two, the next start does both again
                mkdir -p "$rounds"
                mv "$run" "$rounds/$(count)" ;;
        esac
        read -ra arguments <<< "$(options)"
        nohup nice -n 19 "$program" train "${arguments[@]}" >> "$state/output.txt" 2>&1 &
        echo "train-demo: round $(count) started as process $! in $state" ;;
    pause | continue | stop)
        declare -A signals=([pause]=STOP [continue]=CONT [stop]=TERM)
        found=$(processes)
        if [ -z "$found" ]; then echo "train-demo: does not run" >&2; exit 1; fi
        xargs kill "-${signals[$1]}" <<< "$found" ;;
    status)
        echo "process: $(processes | xargs)"
        echo "finished rounds: $(count)"
        echo "newest state: $(find "$run/checkpoints" -name '*.safetensors' 2> /dev/null | sort | tail -n 1)"
        echo "last row: $(tail -n 1 "$run/log.csv" 2> /dev/null)" ;;
    *) echo "usage: dev/train-demo.sh start|pause|continue|stop|status [DIR]" >&2; exit 2 ;;
esac
