# shellcheck shell=bash disable=SC2154
# One host of its own for the demo and its trials: PostgreSQL, HAProxy and supervisor on free loopback ports below $demo, the shop's releases, a
# project for belay, and the load. To be sourced; `host_stop` ends all that was started here.

host_pids=()
host_load=
host_as=(env)       # how PostgreSQL's programs are run: never as root

host_fail() { echo "demo: $*" >&2; exit 1; }

# The programs: installed and built where DEMO_BUILD names no folder that holds them.
host_build() {
  build=${DEMO_BUILD-$root/build/release}
  if [ -z "${DEMO_BUILD-}" ]; then
    scripts/install test
    scripts/build
    cmake --build "$build" --target shop shop-load >/dev/null
  fi
  belay=$build/belay
}

# A TCP port that nobody listens on, below the range that the kernel hands out.
host_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 10000))
    [[ " ${host_ports[*]-} " == *" $port "* ]] && continue
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
    host_ports+=("$port")
    REPLY=$port
    return
  done
}
host_ports=()

# host_wait SECONDS WHAT COMMAND…
host_wait() {
  local until=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $until ] || host_fail "$what does not start; see $demo/*.log"
    sleep 0.05
  done
}

host_connects() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

host_sql() { "${host_as[@]}" "$pg_bin/psql" -qAtX -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$pg_port" -U shop -d "${2:-shop}" -c "$1"; }

host_release() { # VERSION [MEMBERS OF release.json]
  mkdir -p "$demo/artifacts/$1"
  cp "$build/shop" "$demo/artifacts/$1/shop"
  echo "{\"version\": \"$1\"${2:+, $2}}" >"$demo/artifacts/$1/release.json"
}

# Passwords are in files of whoever uses them, readable by nobody else: PostgreSQL's user, belay ($demo/secrets/shop), and the shop itself.
host_write_passwords() { # FOLDER OF POSTGRESQL'S USER
  local password superuser file
  password=$(head -c 18 /dev/urandom | base64)
  superuser=$(head -c 18 /dev/urandom | base64)
  (
    umask 077
    mkdir -p "$demo/secrets"
    echo "$password" >"$demo/secrets/shop"
    echo "*:*:*:shop:$password" >"$demo/secrets/pgpass"
    echo "$superuser" >"$1/superuser"
    printf '*:*:*:%s\n' "postgres:$superuser" "shop:$password" >"$1/pgpass"
    echo "ALTER ROLE shop PASSWORD '$password'" >"$1/role.sql"
  )
  [ "$(id -u)" != 0 ] || chown postgres "$1/superuser" "$1/pgpass" "$1/role.sql"
  host_as+=("PGPASSFILE=$1/pgpass")
}

host_start_postgres() {
  local bin data=$demo/postgres
  for bin in /usr/lib/postgresql/*/bin; do pg_bin=$bin; done
  [ -x "${pg_bin-}/initdb" ] || host_fail "there is no PostgreSQL server below /usr/lib/postgresql"
  if [ "$(id -u)" = 0 ]; then
    host_as=(setpriv --reuid=postgres --regid=postgres --clear-groups env HOME=/)
    # Its folder must be reachable for that user, which a clone below /root is not.
    if ! "${host_as[@]}" test -x "$demo"; then
      host_elsewhere=$(mktemp -d /tmp/belay-demo.XXXXXX)
      chmod 755 "$host_elsewhere"
      data=$host_elsewhere/postgres
      ln -s "$data" "$demo/postgres"
    fi
    mkdir -p "$data"
    chown postgres "$data"
  else
    mkdir -p "$data"
  fi
  host_write_passwords "$data"
  (cd / && "${host_as[@]}" "$pg_bin/initdb" -D "$data/data" -U postgres -A scram-sha-256 --pwfile="$data/superuser" -E UTF8 --locale=C --no-sync) >"$demo/initdb.log" 2>&1 || host_fail "initdb failed; see $demo/initdb.log"
  (cd / && exec "${host_as[@]}" "$pg_bin/postgres" -D "$data/data" -p "$pg_port" -h 127.0.0.1 -k "$data") >"$demo/postgres.log" 2>&1 &
  host_pids+=($!)
  postgres_pid=$!
  host_wait 20 PostgreSQL "$pg_bin/pg_isready" -q -h 127.0.0.1 -p "$pg_port"
  "${host_as[@]}" "$pg_bin/psql" -qX -h 127.0.0.1 -p "$pg_port" -U postgres -d postgres -c "CREATE ROLE shop LOGIN CREATEDB" -f "$data/role.sql" -c "CREATE DATABASE shop OWNER shop"
}

host_start_haproxy() {
  cat >"$demo/haproxy.cfg" <<END
global
  stats socket $demo/haproxy.sock mode 600 level admin
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
frontend public
  bind 127.0.0.1:$web_port
  default_backend shop
frontend numbers
  bind 127.0.0.1:$stats_port
  stats enable
  stats uri /
backend shop
  balance roundrobin
  retries 0
  option httpchk GET /health
  default-server check inter 250ms fall 2 rise 1
  server blue 127.0.0.1:$blue_port disabled weight 100
  server green 127.0.0.1:$green_port disabled weight 100
END
  haproxy -f "$demo/haproxy.cfg" -db >"$demo/haproxy.log" 2>&1 &
  host_pids+=($!)
  host_wait 10 HAProxy host_connects "$stats_port"
}

host_start_supervisor() {
  mkdir -p "$demo/programs"
  cat >"$demo/supervisord.conf" <<END
[unix_http_server]
file=$demo/supervisor.sock
chmod=0700
[supervisord]
nodaemon=true
logfile=$demo/supervisord.log
pidfile=$demo/supervisord.pid
childlogdir=$demo
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://$demo/supervisor.sock
[include]
files=$demo/programs/*.conf
END
  supervisord -c "$demo/supervisord.conf" >"$demo/supervisord.out" 2>&1 &
  host_pids+=($!)
  host_wait 10 supervisor test -S "$demo/supervisor.sock"
}

host_write_project() {
  mkdir -p "$demo/project/services"
  cat >"$demo/project/belay.yaml" <<END
project: demo
environments:
  local: {}
END
  cat >"$demo/project/services/shop.yaml" <<END
service: shop
title: The shop
platform: host
objectives: {recovery_point: 1h}
thresholds:
  error_rate: {acceptable: 0.01, unacceptable: 0.04}
  latency: {quantile: 0.95, limit: 250ms}
severity:
  sev1: {means: "Customers cannot use the service, or data may be lost", respond: 15m, update: 30m, postmortem: 120h}
  sev2: {means: "Part of the service fails, or all of it is slow", respond: 30m, update: 1h, postmortem: 120h}
backup: {folder: $demo/backups, keep: 7, database: main}
environments:
  local:
    url: http://127.0.0.1:$web_port
    endpoints:
      - {name: liveness, url: "http://127.0.0.1:$web_port/health", kind: liveness, expect: ['status == 200', 'body.status == "ok"']}
      - {name: readiness, url: "http://127.0.0.1:$web_port/health/deep", kind: readiness, expect: ['status == 200', 'body.status == "ok"']}
    databases:
      main: {host: 127.0.0.1, port: $pg_port, dbname: shop, user: shop, password: "file:$demo/secrets/shop"}
    host:
      root: $demo/srv
      artifacts: $demo/artifacts
      ports: {blue: $blue_port, green: $green_port}
      command: [./shop, --release, ., --port, "{port}"]
      health: http://127.0.0.1:{port}/health
      environment: {PGHOST: 127.0.0.1, PGPORT: "$pg_port", PGUSER: shop, PGDATABASE: shop, PGPASSFILE: $demo/secrets/pgpass}
      supervisor: {config: $demo/supervisord.conf, programs: $demo/programs}
      haproxy: {socket: $demo/haproxy.sock, backend: shop}
    vars: {deep: /health/deep, probe: /items, metrics: /metrics, watch: 3s, decide_in: 2s, within: 60s}
END
}

# Two numbers: requests that HAProxy answered at the front, and those that failed there (5xx).
host_counts() {
  exec 3<>"/dev/tcp/127.0.0.1/$stats_port" || { echo "0 0"; return; }
  printf 'GET /;csv HTTP/1.0\r\n\r\n' >&3
  awk -F, '/^# pxname/ { for (i = 1; i <= NF; i++) at[$i] = i } $1 == "public" { print $at["hrsp_1xx"] + $at["hrsp_2xx"] + $at["hrsp_3xx"] + $at["hrsp_4xx"] + $at["hrsp_5xx"] + $at["hrsp_other"], $at["hrsp_5xx"] }' <&3
  exec 3>&-
}

host_start_load() { # REQUESTS A SECOND
  "$build/shop-load" "$web_port" "$1" 8 >"$demo/load.json" 2>"$demo/load.log" &
  host_load=$!
}

host_start() {
  mkdir -p "$demo/acts"
  local name
  for name in pg_port web_port stats_port blue_port green_port; do host_port && printf -v "$name" %s "$REPLY"; done
  host_start_postgres
  host_start_haproxy
  host_start_supervisor
  host_write_project
  export BELAY_PROJECT=$demo/project XDG_STATE_HOME=$demo/state
}

host_stop() {
  local pid i
  set +e
  trap '' INT TERM
  [ -z "$host_load" ] || { kill "$host_load" && wait "$host_load"; } 2>/dev/null
  host_load=
  for ((i = ${#host_pids[@]} - 1; i >= 0; i--)); do
    pid=${host_pids[i]}
    # PostgreSQL: INT is its fast way to end.
    [ "$pid" = "${postgres_pid-}" ] && kill -INT "$pid" 2>/dev/null || kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  host_pids=()
  [ -z "${host_elsewhere-}" ] || rm -rf "$host_elsewhere"
}
