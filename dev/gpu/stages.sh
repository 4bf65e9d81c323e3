# Part of run.sh: every step runs under a time limit and leaves a line in stages.tsv: name, ok | failed | cut | skipped, seconds, note.

now() { echo "$SECONDS"; } # since run.sh began

remaining() { echo $((minutes * 60 - $(now) - 10)); } # ten seconds are for the results

note() { # NAME STATUS SECONDS NOTE
    printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" >> "$raw/stages.tsv"
    echo "run.sh: $1: $2 after $3 s${4:+: $4}"
}

perform() { # STEP LIMIT
    case $1 in
        kernels) run_tests "$1" "$2" L2c.Kernels.Tests ;;
        model) run_tests "$1" "$2" L2c.Model.Tests --filter-not-trait Category=Golden Category=GoldenCuda ;;
        goldens) L2C_GOLDENS_REPORT=$raw/goldens/report run_tests "$1" "$2" L2c.Model.Tests --filter-trait Category=GoldenCuda ;;
        memcheck | racecheck) sanitize "$1" "$2" ;;
        bench.*) ours "$1" "$2" ;;
        peer.*) peer "$1" "$2" ;;
    esac
}

# Runs a command in the background, so that a signal to run.sh is seen at once. Usage: step NAME LIMIT OUTPUT COMMAND...
step() {
    local name=$1 limit=$2 output=$3 start code=0 left took words
    shift 3
    start=$(now) left=$(remaining)
    [ "$limit" -lt "$left" ] || limit=$((left > 1 ? left : 1)) # 0 would be none

    # Tests and compute-sanitizer end by themselves on TERM; KILL is for what hangs in the driver.
    timeout -k 5 "$limit" "$@" > "$output" 2> "$raw/logs/$name.err" &
    child=$!
    wait "$child" || code=$?
    child="" took=$(($(now) - start))
    case $code in
        0) note "$name" ok $took "" ;;
        124 | 137 | ${ended_itself:-124}) note "$name" cut $took "longer than $limit s" ;;
        *)
            words=$(tail -n 1 "$raw/logs/$name.err" | tr '\t' ' ' | cut -c 1-200)
            note "$name" failed $took "exit code $code${words:+: $words}"
            ;;
    esac
    # What was cut would have taken longer still; what failed tells nothing.
    expect "$name"
    if [ $code = 0 ] || { [ $code = 124 ] && [ $took -gt $takes ]; }; then learn "$name" $took; fi
}

stop_stage() { [ -z "$child" ] || { kill -TERM "$child" 2> /dev/null; wait "$child" 2> /dev/null; }; }

run_tests() { # NAME LIMIT PROGRAM FILTER...
    local name=$1 limit=$2 program=$3 left
    shift 3
    left=$(remaining)
    [ "$limit" -lt "$left" ] || limit=$left
    # The runner's own limit comes first: it then still writes its report, and ends with 3.
    local ended_itself=3
    step "$name" "$limit" "$raw/logs/$name.log" "$bin/$program" --no-ansi --progress off --timeout $((limit > 20 ? limit - 10 : 10))s \
        --results-directory "$raw/tests" --report-xunit-ctrf --report-xunit-ctrf-filename "$name.json" "$@"
}

sanitize() { # TOOL LIMIT
    # API errors are not reported: tests provoke some, and libraries probe for functions that a driver may lack.
    step "$1" "$2" "$raw/logs/$1.log" "$sanitizer" --tool "$1" --report-api-errors no --error-exitcode 86 --print-limit 50 \
        --log-file "$raw/sanitizer/$1.log" "$bin/L2c.Kernels.Tests" --no-ansi --progress off --parallel none \
        --filter-trait Device=Cuda
}
