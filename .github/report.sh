#!/usr/bin/env bash
# report.sh TITLE FILE: opens an issue with FILE as its text, or adds it to the open issue of that title.
set -euo pipefail
title=$1 file=$2
number=$(gh issue list --repo "$GITHUB_REPOSITORY" --state open --search "in:title \"$title\"" --json number,title \
    --jq "[.[] | select(.title == \"$title\")][0].number // empty")
if [ -n "$number" ]; then
    gh issue comment "$number" --repo "$GITHUB_REPOSITORY" --body-file "$file"
else
    gh issue create --repo "$GITHUB_REPOSITORY" --title "$title" --body-file "$file"
fi
