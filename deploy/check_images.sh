#!/bin/sh
# Builds both images and runs each as in production: without root, with write access only to its declared paths,
# until it is healthy.
#   deploy/check_images.sh            set ENGINE=podman, BUILD_OPTIONS, RUN_OPTIONS if docker's defaults do not fit
set -eu
cd "$(dirname "$0")/.."
engine=${ENGINE:-docker}
locked_down="--read-only --cap-drop ALL --security-opt no-new-privileges ${RUN_OPTIONS:-}"
settings="--env DATABASE_URL=postgres://check@localhost/check --env REDIS_URL=redis://localhost/0
  --env SECRET_KEY=only-for-this-check-only-for-this-check-only-for-this-check
  --env FIELD_ENCRYPTION_KEYS=check:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
  --env PUBLIC_URL=https://console.example.com"
trap '$engine rm --force --volumes images-check >/dev/null 2>&1 || true' EXIT

fail() {
  echo "$1" >&2
  $engine logs images-check >&2
  exit 1
}

# usage: healthy PYTHON: runs the code in the container until it succeeds, for at most half a minute
healthy() {
  for _ in $(seq 30); do
    if $engine exec images-check python -c "$1" 2>/dev/null; then return; fi
    sleep 1
  done
  fail "not healthy"
}

answers() { echo "import urllib.request as r; r.urlopen('http://127.0.0.1:$1', timeout=4)"; }

without_root() {
  test "$($engine exec images-check id -u)" != 0 || fail "runs as root"
  if $engine exec images-check touch /written 2>/dev/null; then fail "the root file system can be written"; fi
}

$engine build ${BUILD_OPTIONS:-} --tag wechat-simulator simulator
$engine run --detach --name images-check $locked_down wechat-simulator >/dev/null
healthy "$(answers 8800/_sim/health)"
without_root
$engine rm --force images-check >/dev/null
echo "simulator: fine"

$engine build ${BUILD_OPTIONS:-} --file deploy/Dockerfile --tag wechat-console .
$engine run --detach --name images-check $locked_down --tmpfs /tmp $settings wechat-console >/dev/null
healthy "$(answers 8000/healthz/live)"
without_root
$engine exec images-check python manage.py check --fail-level WARNING
echo "console: fine"
