# Completion of l2c in bash. In ~/.bashrc:  source <(l2c completion bash)
_l2c() {
    local line="${COMP_LINE:0:COMP_POINT}" word tail candidate
    line="l2c${line#*"$1"}"

    # bash splits words at = and :, which l2c does not (--sampler=ddim, dpm-solver++:2m): only what follows the last of them is replaced.
    word="${line##*[[:space:]]}"
    word="${word##*=}"
    tail="$word"
    [[ $COMP_WORDBREAKS == *:* ]] && tail="${word##*:}"
    COMPREPLY=()
    while IFS= read -r candidate; do
        candidate="${candidate:${#word}-${#tail}}"
        [[ -n $candidate ]] && COMPREPLY+=("$(printf '%q' "$candidate")")
    done < <("$1" "[suggest:${#line}]" "$line" 2> /dev/null)

    # A rule that takes a number goes on behind its colon.
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *: ]] && compopt -o nospace 2> /dev/null
    return 0
}

# Where l2c suggests nothing, bash completes the names of files. Old versions sort what they show.
complete -o default -o nosort -F _l2c l2c 2> /dev/null || complete -o default -F _l2c l2c
