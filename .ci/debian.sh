# Sourced by `test` and `creme`: what they need besides cargo is installed where it is missing.

# A package of a PostgreSQL server, if there is none where the tests look for one; see `tests/server/postgres.rs`.
lacking_server() {
  local folder
  while read -r folder; do
    if [[ -x $folder/postgres && -x $folder/initdb && -x $folder/psql ]]; then return; fi
  done < <(tr ':' '\n' <<< "$PATH"; printf '%s\n' /usr/lib/postgresql/*/bin)
  echo postgresql-15
}

# Installs Debian's packages of these names, if there are any.
install_lacking() (
  if (($# == 0)); then return; fi
  as_root=()
  if ((EUID != 0)); then as_root=(sudo); fi
  # Debian shall not start a server of its own because of these tests.
  quiet=/etc/postgresql-common/createcluster.d/rightful-tests.conf
  if [[ " $* " == *' postgresql-'* ]]; then
    "${as_root[@]}" mkdir -p "${quiet%/*}"
    echo 'create_main_cluster = false' | "${as_root[@]}" tee "$quiet" > /dev/null
    trap '"${as_root[@]}" rm -f "$quiet"' EXIT
  fi
  "${as_root[@]}" apt-get update
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@"
)
