# shellcheck shell=bash
# Start the demo on free ports with fresh data and stop it at the end; to be sourced. Sets data, BILAN_TEST_URL and BILAN_TEST_DEMO_LOG.
# Needs: binary (the path of the program), root, node.

: "${binary:?the path of the program}" "${root:?the root of the sources}"
[[ -x $binary ]] || { echo "$0: $binary is not there; build it first: cargo xtask test program" >&2; exit 1; }

data=$(mktemp -d)
log=$data/demo.log
server=
stop_demo() {
  local code=$?
  if [[ -n $server ]] && kill -0 "$server" 2>/dev/null; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  if [[ $code -ne 0 && -s $log ]]; then
    echo "--- last lines of the demo" >&2
    tail -n 40 "$log" >&2
  fi
  rm -rf "$data"
  exit "$code"
}
trap stop_demo EXIT
trap 'exit 130' INT TERM

# Ports that are free now; the demo starts at once, before anyone else is likely to take them.
read -r http devices < <(node "$root/e2e/lib/free_ports.mjs" 2)
(cd "$root" && exec "$binary" demo --data "$data/demo" --http "127.0.0.1:$http" --devices "127.0.0.1:$devices" --quiet-devices) >"$log" 2>&1 &
server=$!

export BILAN_TEST_URL=http://127.0.0.1:$http
export BILAN_TEST_DEMO_LOG=$log
# The first start loads the sample year.
limit=${BILAN_TEST_START_SECONDS:-240}
for ((second = 0; ; second++)); do
  if curl --silent --fail --output /dev/null --max-time 2 "$BILAN_TEST_URL/readyz"; then break; fi
  kill -0 "$server" 2>/dev/null || { echo "$0: the demo ended while starting" >&2; exit 1; }
  ((second < limit)) || { echo "$0: the demo was not ready after $limit s" >&2; exit 1; }
  sleep 1
done
