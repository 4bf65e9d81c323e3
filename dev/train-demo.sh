#!/usr/bin/env bash
# The demo's next model trains in the background for days, at the lowest priority, from a copy of the program that lies with its state outside the
# repository: the work tree can be built and switched while it runs. Killed or rebooted, `start` goes on from the newest state.
# Usage: dev/train-demo.sh start|pause|continue|stop|status [DIR]      DIR is ${XDG_STATE_HOME:-~/.local/state}/l2c-demo
#   start     publishes the program there unless a copy is there that knows every option, and starts or continues the run
#   pause     holds it (SIGSTOP) while something is measured; continue lets it go on
#   stop      ends it after its step; it writes its state
#   status    whether it runs, its newest state, the last row of its log
# A new machine begins with the newest weights of the repository and a new optimiser. docs/training.md says how the size was chosen.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly state=$(realpath -m "${2:-${XDG_STATE_HOME:-$HOME/.local/state}/l2c-demo}")
readonly program=$state/bin/l2c run=$state/run start=$state/start.safetensors

# Every option is written out, so that a later default changes nothing.
readonly options=(
    --init "$start" --data shapes2:0 --seed 0 --batch 128 --lr 3e-4 --weight-decay 0 --ema 0.9999 --ema-warm-up off --max-steps 1000000 --ckpt-every 250 --log-every 50
    --device cpu --no-progress --out "$run" --resume-from-checkpoint latest)

processes() { pgrep -f -- "$program train .*--out $run " || true; }

case ${1:-} in
    start)
        if [ -n "$(processes)" ]; then echo "train-demo: runs already" >&2; exit 1; fi
        # A copy of a version that does not know an option of today's is replaced; it continues the same states.
        { [ -x "$program" ] && "$program" train --help | grep -cF -- '--ema-warm-up on|off' > /dev/null; } || dotnet publish src/L2c.Cli -c Release -o "$state/bin" --nologo -v quiet
        [ -e "$start" ] || cp src/L2c.Engine/models/shapes-dit8.safetensors "$start"
        nohup nice -n 19 "$program" train "${options[@]}" >> "$state/output.txt" 2>&1 &
        echo "train-demo: started as process $! in $state" ;;
    pause | continue | stop)
        declare -A signals=([pause]=STOP [continue]=CONT [stop]=TERM)
        found=$(processes)
        if [ -z "$found" ]; then echo "train-demo: does not run" >&2; exit 1; fi
        xargs kill "-${signals[$1]}" <<< "$found" ;;
    status)
        echo "process: $(processes | xargs)"
        echo "newest state: $(find "$run/checkpoints" -name '*.safetensors' 2> /dev/null | sort | tail -n 1)"
        echo "last row: $(tail -n 1 "$run/log.csv" 2> /dev/null)" ;;
    *) echo "usage: dev/train-demo.sh start|pause|continue|stop|status [DIR]" >&2; exit 2 ;;
esac
