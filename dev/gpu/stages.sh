# Part of run.sh: every step runs under a time limit and leaves a line in stages.tsv: name, ok | failed | cut | skipped, seconds, note.

begin_stages() {
    stages=$1/stages.tsv deadline=$((SECONDS + $2)) child=""
    : > "$stages"
}

remaining() { echo $((deadline - SECONDS - 10)); } # ten seconds are for the results

note() { # NAME STATUS SECONDS NOTE
    printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" >> "$stages"
    echo "run.sh: $1: $2 after $3 s${4:+: $4}"
}

# Runs a command in the background, so that a signal to run.sh is seen at once. Usage: step NAME LIMIT OUTPUT COMMAND...
step() {
    local name=$1 limit=$2 output=$3 start=$SECONDS code=0 left words
    shift 3
    left=$(remaining)
    [ "$limit" -lt "$left" ] || limit=$left
    if [ "$limit" -lt 5 ]; then
        note "$name" cut 0 "no time left"
        return 1
    fi

    # Tests and compute-sanitizer end by themselves on TERM; KILL is for what hangs in the driver.
    timeout -k 5 "$limit" "$@" > "$output" 2> "$raw/logs/$name.err" &
    child=$!
    wait "$child" || code=$?
    child=""
    case $code in
        0) note "$name" ok $((SECONDS - start)) "" ;;
        124 | 137 | ${ended_itself:-124}) note "$name" cut $((SECONDS - start)) "longer than $limit s" ;;
        *)
            words=$(tail -n 1 "$raw/logs/$name.err" | tr '\t' ' ' | cut -c 1-200)
            note "$name" failed $((SECONDS - start)) "exit code $code${words:+: $words}"
            ;;
    esac
    return $code
}

stop_stage() { [ -z "$child" ] || { kill -TERM "$child" 2> /dev/null; wait "$child" 2> /dev/null; }; }

run_tests() { # NAME LIMIT PROGRAM FILTER...
    local name=$1 limit=$2 program=$3 left
    shift 3
    left=$(remaining)
    [ $emulator = 0 ] || limit=1200
    [ "$limit" -lt "$left" ] || limit=$left
    # The runner's own limit comes first: it then still writes its report, and ends with 3.
    local ended_itself=3
    step "$name" "$limit" "$raw/logs/$name.log" "$bin/$program" --no-ansi --progress off --timeout $((limit > 20 ? limit - 10 : 10))s \
        --results-directory "$raw/tests" --report-xunit-ctrf --report-xunit-ctrf-filename "$name.json" "$@"
}

sanitize() { # TOOL LIMIT
    if [ $emulator = 1 ]; then
        note "$1" skipped 0 "the emulator itself faults on bad accesses and races"
    elif [ -z "$sanitizer" ]; then
        note "$1" skipped 0 "no compute-sanitizer on the path or in /usr/local/cuda"
    else
        # API errors are not reported: tests provoke some, and libraries probe for functions that a driver may lack.
        step "$1" "$2" "$raw/logs/$1.log" "$sanitizer" --tool "$1" --report-api-errors no --error-exitcode 86 --print-limit 50 \
            --log-file "$raw/sanitizer/$1.log" "$bin/L2c.Kernels.Tests" --no-ansi --progress off --parallel none \
            --filter-class '*CudaTests'
    fi
}
