#!/usr/bin/env bash
# A pre-commit hook in a repository of 13,000 files, beside git itself.
#
#   benches/staged.sh FOLDER [TIMES]
#
# FOLDER is made if it isn't there. Prints the least CPU and wall seconds of
# several runs, and the greatest memory in MiB.
set -euo pipefail
folder=${1:?a folder is needed}
times=${2:-50}
here=$(cd "$(dirname "$0")/.." && pwd)
cargo build --quiet --release --locked --manifest-path "$here/Cargo.toml" -p leaktight-cli -p leaktight-bench
bin=${CARGO_TARGET_DIR:-$here/target}/release

if [ ! -d "$folder/.git" ]; then
    mkdir -p "$folder"
    git init -q "$folder"
    for dir in $(seq 1 650); do
        path="$folder/src/part$((dir % 25))/unit$dir"
        mkdir -p "$path"
        for file in $(seq 1 20); do
            printf 'unit %s, file %s\n%s\n' "$dir" "$file" "$(seq -s ' line of text ' 1 40)" >"$path/file$file.txt"
        done
    done
    git -C "$folder" add .
    git -C "$folder" -c user.name=bench -c user.email=bench@example.org commit -qm first
    for file in src/part1/unit1/file1.txt src/part2/unit2/file2.txt src/part3/unit3/file3.txt; do
        printf 'one more line\n' >>"$folder/$file"
        git -C "$folder" add "$file"
    done
fi
cd "$folder"
printf '%-36s %s\n' "$(git ls-files | wc -l) files" "CPU s, wall s, MiB"
measure() { printf '%-36s %s\n' "$1" "$("$bin/leaktight-bench" measure -n "$times" -- "${@:2}")"; }
measure "git diff --cached -U0" git diff --cached -U0 --no-ext-diff --no-textconv --no-color
measure "leaktight hook git pre-commit" "$bin/leaktight" hook git pre-commit
measure "leaktight --version (process start)" "$bin/leaktight" --version
