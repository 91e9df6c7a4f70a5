#!/bin/sh
# Installs the servers and tools that the tests run themselves, where one is missing and it is permitted.
# Nothing is started: the tests start their own servers on free ports.
set -eu

find_redis() { command -v redis-server >/dev/null 2>&1 || command -v valkey-server >/dev/null 2>&1; }
find_postgres() { command -v postgres >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; }
find_mariadb() { [ -x /usr/sbin/mariadbd ] || command -v mariadbd >/dev/null 2>&1; }
find_rabbitmq() { [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]; }
find_promtool() { command -v promtool >/dev/null 2>&1; }

packages=
find_postgres || packages="$packages postgresql"
find_mariadb || packages="$packages mariadb-server"
find_redis || packages="$packages redis-server"
find_rabbitmq || packages="$packages rabbitmq-server"
find_promtool || packages="$packages prometheus"
[ -z "$packages" ] && exit 0

# Not the end of it: the tests that need one say so themselves, and are skipped, or fail where CI=true.
give_up() {
    echo "not installed, $1:$packages" >&2
    exit 0
}

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    give_up "and cannot be installed here"
fi
# Debian's packages start what they install unless a policy says no.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || give_up "as there is no list of packages"
apt-get install -y -qq --no-install-recommends $packages >/dev/null || give_up "as the packages cannot be had"
