#!/bin/sh
# The first line of a change stays under 72 characters and does not end in a full stop.
set -eu
title=$(git log -1 --format=%s)
[ "${#title}" -le 72 ] || { echo "title is ${#title} characters long" >&2; exit 1; }
case $title in *.) echo "title ends in a full stop" >&2; exit 1 ;; esac
