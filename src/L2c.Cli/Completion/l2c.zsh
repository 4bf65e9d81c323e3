#compdef l2c
# Completion of l2c in zsh. In ~/.zshrc, after compinit:  source <(l2c completion zsh)
# or once, into a folder of $fpath:  l2c completion zsh > FOLDER/_l2c
_l2c() {
    local line="l2c${words[2,CURRENT]:+ ${(j: :)words[2,CURRENT]}}"
    local -a candidates open
    candidates=("${(@f)$("${words[1]}" "[suggest:${#line}]" "$line" 2> /dev/null)}")
    candidates=(${candidates:#})

    # Where l2c suggests nothing, names of files are meant.
    if (( ! ${#candidates} )); then
        _files
        return
    fi

    # A rule that takes a number goes on behind its colon, and the value of --option=VALUE behind the =.
    open=(${(M)candidates:#*:})
    candidates=(${candidates:#*:})
    compset -P '--*='
    (( ${#open} )) && compadd -M 'm:{a-zA-Z}={A-Za-z}' -S '' -a open
    (( ${#candidates} )) && compadd -M 'm:{a-zA-Z}={A-Za-z}' -a candidates
    return 0
}

if [[ ${funcstack[1]} == _l2c ]]; then
    _l2c "$@"
else
    compdef _l2c l2c
fi
