#!/usr/bin/env bash
# Puts NVIDIA's assembler into .tools/ptxas, where the tests find it: they then check registers, stack and spills of every kernel.
# It comes from the Debian mirror that this system already uses, suite trixie, component non-free (CUDA 12.4, 87 MB, checked by apt's signatures);
# needs no root and changes nothing outside .tools. The licence is NVIDIA's: read /usr/share/doc in the package before passing it on.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly package=nvidia-cuda-toolkit suite=trixie keys=/usr/share/keyrings/debian-archive-keyring.gpg

if [ "$(uname -m)" != x86_64 ] || ! command -v apt-get dpkg > /dev/null || [ ! -e "$keys" ]; then
    echo "get-ptxas: needs Debian's apt and its keyring on x86-64; elsewhere install CUDA and set L2C_PTXAS to its ptxas" >&2
    exit 1
fi

# The first archive that serves Debian itself (not its security updates), in either format of apt's sources.
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2> /dev/null \
    | grep -Ev '^[[:space:]]*#' | grep -Eo 'https?://[^[:space:]]+/debian/?([[:space:]]|$)' | head -n 1 | tr -d '[:space:]' || true)
if [ -z "$mirror" ]; then
    echo "get-ptxas: /etc/apt names no Debian archive over http; add one, or set L2C_PTXAS to the ptxas of a CUDA installation" >&2
    exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists/partial,cache/archives/partial,empty,unpacked} .tools
echo "deb [arch=amd64 signed-by=$keys] $mirror $suite non-free" > "$work/sources.list"
: > "$work/status"
options=(
    -qq -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts="$work/empty" -o Dir::State::Lists="$work/lists"
    -o Dir::State::Status="$work/status" -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root)
apt-get "${options[@]}" update
(cd "$work" && apt-get "${options[@]}" download "$package")
dpkg -x "$work/$package"_*.deb "$work/unpacked"
install -m 755 "$work/unpacked/usr/bin/ptxas" .tools/ptxas
.tools/ptxas --version | tail -n 2 | head -n 1
