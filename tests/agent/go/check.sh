#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The kit for Go as its own tools see it: formatted, vetted (also for the systems that it does not support, where it
# must still compile), tested. Offline.
set -e
cd "$1"
command -v go >/dev/null || { echo "go is missing; ./dev setup installs it"; exit 1; }
unformatted=$(gofmt -l .)
[ -z "$unformatted" ] || { echo "gofmt would change: $unformatted"; exit 1; }
go vet ./...
GOOS=windows go vet .
GOARCH=arm64 go vet .
go test ./...
