# Part of run.sh: which steps there are, most important first, and what each is expected to take. A step is started when that is left, and not
# otherwise. A step's name is its kind, or with a size and a number of images ENGINE.WHAT.SIZE.IMAGES[.STEPS].

# Seconds of every kind: to start, load and compile, and per unit of work, which is 8 images of 256 pixels. Stated for an H200, on the cautious side:
# nothing has been measured there yet. torch.compile with max-autotune is known to take one to two minutes.
declare -A stated=(
    [kernels]="90 0" [model]="60 0" [goldens]="60 0" [memcheck]="150 0" [racecheck]="150 0"
    [bench.forward]="15 1" [bench.sample.20]="15 3" [bench.sample.50]="15 8" [bench.untuned]="15 1" [bench.apart]="15 1"
    [bench.uvit-forward]="15 1" [bench.uvit-sample.20]="15 4" [bench.uvit-sample.50]="15 9"
    [peer.eager]="35 2" [peer.products]="60 1" [peer.compiled]="120 2" [peer.sample]="80 8"
)
declare -A measured=() # per kind: seconds of the last step of it, and what had been stated for that
declare -A started=() known=()
plan=()

# Proofs; then the figures that need no compilation, of the first size and number of images before the slow sanitizer; then what torch compiles; last
# what only explains.
make_plan() {
    local size n steps cells=() counts="20 50"
    [ $emulator = 0 ] || counts=20
    for size in $sizes; do for n in $images; do cells+=("$size.$n"); done; done
    add tests kernels model
    add goldens goldens
    for n in "${cells[@]}"; do
        add bench "bench.forward.$n"
        for steps in $counts; do add bench "bench.sample.$n.$steps"; done
        add peer "peer.eager.$n"
        add sanitizer memcheck racecheck
    done
    for n in "${cells[@]}"; do
        [ $emulator = 1 ] || add peer "peer.compiled.$n" "peer.products.$n"
        add peer "peer.sample.$n"
    done
    # U-ViT-H/2 is of one size.
    for n in "${cells[@]}"; do
        case $emulator.$n in 0.256.* | 1.*) add bench "bench.uvit-forward.$n" "bench.uvit-sample.$n.${counts##* }" ;; esac
    done
    for n in "${cells[@]}"; do add bench "bench.untuned.$n" "bench.apart.$n"; done
}

add() { # STAGE STEP...
    local step
    wanted "$1" || return 0
    for step in "${@:2}"; do
        case " ${plan[*]} " in *" $step "*) continue ;; esac
        if [ -n "${known[$step]:-}" ]; then
            echo "run.sh: $step: done by an earlier call"
        else
            plan+=("$step")
        fi
    done
}

# What a step is expected to take, in seconds: as stated (of an emulator, which is slow, four times that); or once one of its kind was measured, as long
# as that and a fifth, and as much longer as stated. Sets kind, said and takes, since a shell in a shell for each would take seconds itself.
expect() { # STEP
    local engine what size n steps fixed each took of
    IFS=. read -r engine what size n steps <<< "$1"
    kind=$engine${what:+.$what}${steps:+.$steps}
    read -r fixed each <<< "${stated[$kind]:-0 0}"
    said=$((fixed + each * ((${size:-0} * ${size:-0} * ${n:-0} + 524287) / 524288)))
    takes=$((emulator == 1 ? 4 * said : said))
    if [ -n "${measured[$kind]:-}" ]; then
        read -r took of <<< "${measured[$kind]}"
        takes=$((took * 6 * (said > of ? said : of) / of / 5 + 1))
    fi
}

learn() { # STEP SECONDS: what it took
    expect "$1"
    [ $said = 0 ] || measured[$kind]="$2 $said"
}

# What an earlier call measured is not measured again, and teaches what such steps take.
learn_from() { # reads stages.tsv
    local step status seconds note
    while IFS=$'\t' read -r step status seconds note; do
        [ "$status" = ok ] || continue
        known[$step]=1
        learn "$step" "$seconds"
    done
}

# What would be started by what is expected now, and what for lack of time would not.
print_plan() {
    local step left
    left=$(remaining)
    for step in "${plan[@]}"; do
        expect "$step"
        if [ $takes -le $left ]; then
            left=$((left - takes))
            echo "run.sh: planned: $step, $takes s"
        else
            echo "run.sh: no time: $step, $takes s, unless the others take less"
        fi
    done
    echo "run.sh: $left s of $((minutes * 60)) left for more"
}

# Always the most important step that fits into what is left now: what was too long at first may fit once others took less.
carry_out() {
    local step left
    while next_step; do
        started[$step]=1
        perform "$step" $((3 * takes + 30))
    done
    for step in "${plan[@]}"; do
        expect "$step"
        [ -n "${started[$step]:-}" ] || note "$step" cut 0 "not started: takes about $takes s, $left s were left"
    done
}

next_step() { # sets step, takes and left
    left=$(remaining)
    for step in "${plan[@]}"; do
        expect "$step"
        if [ -z "${started[$step]:-}" ] && [ $takes -le $left ]; then return 0; fi
    done
    return 1
}
