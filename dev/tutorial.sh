#!/usr/bin/env bash
# Runs the commands of docs/tutorial.md in an empty folder, in order, and writes what they print into the page and their pictures into docs/images.
# Usage: dev/tutorial.sh [--check]; with --check the commands only run, and nothing is written. Ends non-zero at the first command that fails.
# A command is a line "$ COMMAND" of a block marked console. A comment <!-- picture FILE NAME --> keeps FILE as docs/images/NAME.
# Standard error is not part of the page. Takes some five minutes on two cores.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
dotnet build "$root/src/L2c.Cli" -c Release -v q
ln -s "$root/src/L2c.Cli/bin/Release/net10.0/l2c" "$folder/l2c"
PATH=$folder:$PATH
mkdir "$folder/work" "$folder/images"
cd "$folder/work"

block=no
while IFS= read -r line <&3; do
    case $block,$line in
        no,'```console')
            block=yes
            printf '%s\n' "$line"
            ;;
        yes,'```')
            block=no
            printf '%s\n' "$line"
            ;;
        yes,'$ '*)
            printf '%s\n' "$line"
            printf '%s\n' "$line" >&2
            eval "${line#\$ }"
            ;;
        yes,*) ;; # what the command printed before
        *)
            printf '%s\n' "$line"
            if [[ $line =~ ^'<!-- picture '([^ ]+)' '([^ ]+)' -->'$ ]]; then
                cp "${BASH_REMATCH[1]}" "$folder/images/${BASH_REMATCH[2]}"
            fi
            ;;
    esac
done 3< "$root/docs/tutorial.md" > "$folder/tutorial.md"

if [ "${1:-}" != --check ]; then
    cp "$folder/tutorial.md" "$root/docs/tutorial.md"
    cp "$folder"/images/* "$root/docs/images/"
fi
