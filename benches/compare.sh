#!/usr/bin/env bash
# Times Leaktight beside its limits and the peers found on PATH, in one run.
#
#   benches/compare.sh FOLDER     a folder with `tree/` and `big/`, made by
#                                 `cargo run --release -p leaktight-bench -- corpus FOLDER`
#
# A row is CPU seconds (user and system, the least of N runs), wall seconds and
# MiB. Ratios count; absolute times belong to the machine.
set -euo pipefail
cd "$(dirname "$0")/.."
corpus=${1:?a folder with tree/ and big/}
runs=${RUNS:-5}
cargo build --release --quiet -p leaktight-cli -p leaktight-bench
target=${CARGO_TARGET_DIR:-target}/release
ours=$target/leaktight
bench=$target/leaktight-bench

row() { # NAME COMMAND...
    local name=$1; shift
    printf '%-44s %s\n' "$name" "$("$bench" measure -n "$runs" "$@")"
}
have() { command -v "$1" >/dev/null 2>&1; }

echo "machine: $(uname -sm), $(nproc) threads, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)"
echo "corpus: $("$bench" floor "$corpus/tree"); big: $("$bench" floor "$corpus/big")"
for part in tree big; do
    path=$corpus/$part
    printf '\n%-44s %s\n' "$part" "cpu-s wall-s MiB"
    row "limit: walk and read, look at nothing" "$bench" floor "$path"
    have rg && row "limit: rg -uuu -c WORD" rg -uuu -c flibbertigibbet "$path"
    row "leaktight scan, all rules" "$ours" scan --no-ignore --no-progress -f jsonl "$path"
    have betterleaks && row "betterleaks" betterleaks "$path" --no-banner -s --exit-code 0
    have kingfisher && row "kingfisher" kingfisher scan --no-validate --no-update-check --no-ignore "$path"
    have gitleaks && row "gitleaks" gitleaks dir "$path" --no-banner --exit-code 0
    have trufflehog && row "trufflehog" trufflehog filesystem --no-verification --no-update "$path"
    have ripsecrets && row "ripsecrets" ripsecrets "$path"
    [ -n "${SLOW:-}" ] && have detect-secrets && row "detect-secrets" detect-secrets scan --all-files "$path"
done

small=$(mktemp -d)
trap 'rm -rf "$small"' EXIT
tar -C "$corpus" -czf "$small/tree.tar.gz" tree
printf '\n%-44s %s\n' "the tree as tar.gz" "cpu-s wall-s MiB"
row "limit: gzip -dc" gzip -dc "$small/tree.tar.gz"
row "leaktight scan" "$ours" scan --no-progress -f jsonl "$small/tree.tar.gz"
have betterleaks && row "betterleaks" betterleaks "$small/tree.tar.gz" --no-banner -s --exit-code 0
have kingfisher && row "kingfisher" kingfisher scan --no-validate --no-update-check "$small/tree.tar.gz"

head -c 5000 crates/core/src/lib.rs >"$small/small.rs"
printf '\n%-44s %s\n' "start-up, one file of 5 KB" "cpu-s wall-s MiB"
row "limit: start a process" true
row "leaktight scan" "$ours" scan --no-progress "$small/small.rs"
have betterleaks && row "betterleaks" betterleaks "$small/small.rs" --no-banner -s --exit-code 0
have kingfisher && row "kingfisher" kingfisher scan --no-validate --no-update-check "$small/small.rs"
have gitleaks && row "gitleaks" gitleaks dir "$small/small.rs" --no-banner --exit-code 0
have ripsecrets && row "ripsecrets" ripsecrets "$small/small.rs"

printf '\nbig files held in memory, one thread\n'
"$bench" memory "$corpus/big"
