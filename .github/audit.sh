#!/usr/bin/env bash
# audit.sh REPORT [PIP_AUDIT]: looks each requirements/*.txt that has hashes up among the known faults of packages.
# What is found is written to REPORT and printed, and the exit status is 1 then, as where a lock could not be looked up.
set -uo pipefail
report=$1 audit=${2:-.cache/envs/audit/bin/pip-audit}
status=0
: >"$report"
for source in requirements/*.in; do
    lock=${source%.in}.txt
    if ! found=$("$audit" --require-hashes --disable-pip --progress-spinner off --format markdown -r "$lock" 2>&1); then
        status=1
        printf '### %s\n\n%s\n\n' "$lock" "$found" >>"$report"
    fi
done
cat "$report"
exit $status
