# lib.sh - what all scripts share: the root of the project, messages, packages, builds, the database's address.
# Sourced, never run: `. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"`.
# shellcheck shell=bash disable=SC2034
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
log_folder=$root/.local/log
export LC_ALL=C.UTF-8 # numbers have a point, whatever the caller's language

build_packages=(gcc libc6-dev cmake ninja-build pkg-config libh2o-dev libuv1-dev libpq-dev libjansson-dev libgmp-dev libcurl4-openssl-dev libssl-dev zlib1g-dev libbrotli-dev
	libcmocka-dev libgumbo-dev)
database_packages=(postgresql-15 postgresql-client-15 iso-codes util-linux procps)
demo_packages=(curl ca-certificates python3-minimal libpython3-stdlib)
package_packages=(dpkg-dev fakeroot file gzip lowdown)
# llvm-14: names in the sanitizers' reports, by which leaks of libraries are told from ours; iproute2: a network of its own
test_packages=(clang clang-format clang-tidy libclang-rt-14-dev llvm-14 curl iproute2 jq openssl pgbouncer python3-pytest shellcheck wrk)
load_tool_packages=(wrk hey nghttp2-client)
lint_packages=(lintian)
browser_packages=(chromium chromium-driver python3-selenium fonts-dejavu-core)

say() { printf '%s\n' "$*"; }
complain() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
die() {
	complain "$@"
	exit 1
}

# missing_packages NAME...: those that are not installed.
missing_packages() {
	local name state
	for name in "$@"; do
		state=$(dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null || true)
		[[ $state == ?i* ]] || say "$name"
	done
}

# make_log_folder: once for all, since what another user has made here may be closed to this one.
make_log_folder() {
	local foreign=$root/.local
	if mkdir -p "$log_folder" 2>/dev/null; then
		foreign=$(find "$root/.local" "$root/build" -maxdepth 2 -path "$root/.local/postgres" -prune -o ! -writable -print -quit 2>/dev/null || true)
	fi
	[[ -n $foreign ]] || return 0
	[[ -e $foreign ]] || foreign=$root
	die "$(id -un) cannot write to $foreign, which belongs to $(stat -c %U "$foreign"): run this as $(stat -c %U "$foreign"), or in a checkout of your own"
}

# become_root PACKAGE...: sets as_root to what runs a command as root; asks for sudo's password, if there is a terminal.
become_root() {
	local wanted="apt-get install $*"
	as_root=()
	((EUID != 0)) || return 0
	command -v sudo >/dev/null ||
		die "not installed: $*. There is no sudo: run this as root, or ask for: $wanted"
	as_root=(sudo)
	sudo -n true </dev/null >/dev/null 2>&1 && return
	(: </dev/tty) 2>/dev/null ||
		die "not installed: $*. sudo asks $(id -un) for a password and there is no terminal: run this in one or as root, or ask for: $wanted"
	say "not installed: $*. sudo may ask for a password"
	sudo -v || die "sudo does not let $(id -un) install packages: run this as root, or ask for: $wanted"
}

# install_packages NAME...: asks apt only when something is missing.
install_packages() {
	local missing as_root log=$log_folder/apt.log
	command -v dpkg-query >/dev/null || die "this needs Debian 12: there is no dpkg-query here"
	mapfile -t missing < <(missing_packages "$@")
	((${#missing[@]})) || return 0
	become_root "${missing[@]}"
	make_log_folder
	say "installing from Debian: ${missing[*]}"
	keep_default_cluster_away "${as_root[@]}"
	{
		# Another apt may be at work: wait for it. Old lists may be good enough.
		"${as_root[@]}" apt-get update -q || say "going on with the package lists that are there"
		"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
			install -q -y --no-install-recommends "${missing[@]}"
	} >"$log" 2>&1 </dev/null || {
		tail -n 15 "$log" >&2
		die "apt-get could not install them; all it said is in $log"
	}
}

# Debian's package starts a server on port 5432 when it is first installed; that one is not wanted.
keep_default_cluster_away() {
	local file=/etc/postgresql-common/createcluster.conf
	[[ -e $file || -n $(dpkg-query -W -f '${db:Status-Abbrev}' postgresql-common 2>/dev/null) ]] && return 0
	say "PostgreSQL is installed without a default cluster ($file)"
	"$@" mkdir -p "${file%/*}"
	printf '%s\n' '# Written by Meantime before PostgreSQL was installed: no server of its own, no port 5432.' \
		'create_main_cluster = false' | "$@" tee "$file" >/dev/null
}

# build PRESET TARGET... -- CMAKE_OPTION...: builds a preset of CMakePresets.json into build/PRESET. Quick when up to date.
build() {
	local name=$1 log=$log_folder/build-$1.log targets=()
	shift
	while (($#)) && [[ $1 != -- ]]; do
		targets+=("$1")
		shift
	done
	shift || true
	make_log_folder
	if ! { cmake -S "$root" --preset "$name" "$@" && ninja -C "$root/build/$name" "${targets[@]}"; } \
		>"$log" 2>&1; then
		grep -E -m 20 'error:|Error|undefined reference|FAILED:' "$log" >&2 || tail -n 20 "$log" >&2
		complain "building build/$name failed; the whole log is $log"
		return 1
	fi
}

# what_failed LOG: its failures, then its end, which may be that of another run without one.
what_failed() {
	grep -E -m 40 '^(FAILED|ERROR) |^E   |^[0-9]+: \[  FAILED  \]|(WARNING|ERROR|SUMMARY): [A-Za-z]+Sanitizer' "$1" || true
	tail -n 15 "$1"
}

# check_database_url URL: psql would repeat one that it misreads, password and all.
check_database_url() {
	local good='^(postgres(ql)?://[^[:space:]"]*|[a-z_]+[[:space:]]*=.*)$'
	[[ $1 =~ $good ]] || die "the database is neither a URL nor key=value; expected postgresql://USER:PASSWORD@HOST/DATABASE"
}

# hide_values: of what psql says before it has a server, from stdin to stderr.
hide_values() { sed -E '/^psql: error: connection to server/!{/^psql: error: /s/".*"/"***"/}' >&2; }

# use_database: sets $url to DATABASE_URL, or to a private cluster, started if it does not run yet.
# Each script that uses the cluster shares a lock on .local/database_users, so that none stops it under another.
use_database() {
	make_log_folder
	exec 8>>"$root/.local/database_users"
	flock -s 8
	"$root/scripts/postgres" status >/dev/null 2>&1 || database_was_started=yes
	# The server must not inherit the lock.
	"$root/scripts/postgres" start >"$log_folder/database.log" 2>&1 8>&- || {
		cat "$log_folder/database.log" >&2
		die "there is no database to use"
	}
	url=$("$root/scripts/postgres" url)
}

# leave_database: stops the cluster, if this script started it and no other uses it.
leave_database() {
	[[ ${database_was_started:-} == yes ]] || return 0
	flock -n -x 8 || return 0
	"$root/scripts/postgres" stop >/dev/null 8>&-
}

# use_bench_tables: sets $url to a database of its own, with pgbench's tables. Rows are the work; fsync counts in the insert
# only, and there it is as it is.
use_bench_tables() {
	local has
	has=$("$root/scripts/postgres" psql -Atqc "SELECT 1 FROM pg_database WHERE datname = 'meantime_bench'")
	[[ $has == 1 ]] || "$root/scripts/postgres" psql -qc 'CREATE DATABASE meantime_bench'
	url=${url/\/meantime\?/\/meantime_bench\?}
	if [[ $(psql "$url" -Atqc "SELECT to_regclass('bench_entry') IS NOT NULL") != t ]]; then
		say "filling pgbench's tables, once"
		pgbench -q -i -s 10 "$url" >"$log_folder/pgbench.log" 2>&1
		psql "$url" -qc 'CREATE TABLE bench_entry (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL)'
	fi
	psql "$url" -qc 'TRUNCATE bench_entry' -c 'VACUUM ANALYZE' -c CHECKPOINT
}

# start_service PROGRAM OPTION...: sets $service_pid and $service (http://127.0.0.1:PORT, a port that is free).
start_service() {
	local out log=$log_folder/service.log turn
	out=$(mktemp "$log_folder/service.XXXXXX.out")
	"$1" serve --listen 127.0.0.1:0 --database "$url" --endpoints "$root/config/endpoints" "${@:2}" \
		>"$out" 2>"$log" 8>&- &
	service_pid=$!
	for ((turn = 0; turn < 400; turn++)); do
		service=$(sed -n 's|^meantime: serving \(http://[^ ]*\).*|\1|p' "$out")
		[[ -z $service ]] || break
		kill -0 "$service_pid" 2>/dev/null || break
		sleep 0.05
	done
	rm "$out"
	[[ -z $service ]] || return 0
	tail -n 10 "$log" >&2
	stop_service
	die "the service did not start (${*:2}); its log is $log"
}

stop_service() {
	[[ -n ${service_pid:-} ]] || return 0
	kill "$service_pid" 2>/dev/null || true
	wait "$service_pid" 2>/dev/null || true
	service_pid=
}
