#!/bin/sh
# Lists Jaeger's indices in Elasticsearch or OpenSearch with their sizes, and deletes all that are older than N days. Needs curl and awk.
#   ELASTICSEARCH_URL=https://elasticsearch:9200 [ELASTICSEARCH_USERNAME=... ELASTICSEARCH_PASSWORD=...] [ELASTICSEARCH_CA=ca.pem] \
#     clean-indices.sh --older-than DAYS [--prefix PREFIX] [--delete]
# Without --delete it only says what would go. Exit code 0: done; 1: Elasticsearch refused or was not there; 2: wrong use.
#
# How old an index is: a daily one (jaeger-span-2025-11-03) as its date, the end of that day counting; a rolled over one
# (jaeger-span-000007) as the next of its series, since until then it was written to. The last of a series is never deleted, nor is
# what has another name.
set -eu

usage() {
  echo "clean-indices.sh: $1" >&2
  echo "usage: ELASTICSEARCH_URL=http://host:9200 clean-indices.sh --older-than DAYS [--prefix PREFIX] [--delete]" >&2
  exit 2
}

days='' prefix='' delete=no
while [ $# -gt 0 ]; do
  case $1 in
    --delete) delete=yes ;;
    --older-than | --prefix)
      [ $# -gt 1 ] || usage "$1 lacks its value"
      if [ "$1" = --prefix ]; then prefix=$2; else days=$2; fi
      shift
      ;;
    *) usage "unknown argument $1" ;;
  esac
  shift
done
case $days in
  '' | *[!0-9]* | 0*) usage "--older-than takes a number of days, 1 at least" ;;
esac
case $prefix in
  *[!a-z0-9_.-]*) usage "--prefix takes what stands before jaeger-span in the names of indices" ;;
esac
url=${ELASTICSEARCH_URL:-}
[ -n "$url" ] || usage "ELASTICSEARCH_URL is not set"

# The password goes to curl by its standard input: arguments can be read by everybody on the machine.
login() {
  if [ -n "${ELASTICSEARCH_USERNAME:-}" ]; then
    printf '%s:%s' "$ELASTICSEARCH_USERNAME" "${ELASTICSEARCH_PASSWORD:-}" | sed 's/[\\"]/\\&/g; s/^/user = "/; s/$/"/'
  fi
}

ask() {
  login | curl --config - --silent --show-error --fail-with-body --max-time 60 ${ELASTICSEARCH_CA:+--cacert "$ELASTICSEARCH_CA"} "$@" 2>&1
}

now=${NOW:-$(date +%s)}
if ! indices=$(ask "$url/_cat/indices/${prefix:+$prefix-}jaeger-*?h=index,creation.date,store.size,docs.count&bytes=b&s=index&expand_wildcards=open,closed"); then
  echo "clean-indices.sh: the indices cannot be listed: $indices" >&2
  exit 1
fi

# One line for each index: what becomes of it, its age in days, size, documents, name.
plan=$(printf '%s\n' "$indices" | awk -v now="$now" -v days="$days" -v prefix="${prefix:+$prefix-}" '
  function epochDays(year, month, day) {
    # Days since 1970-01-01 of a date of the Gregorian calendar: awk has no such function everywhere.
    if (month <= 2) { year--; month += 12 }
    return 365 * year + int(year / 4) - int(year / 100) + int(year / 400) + int((153 * (month - 3) + 2) / 5) + day - 719469
  }
  function tell(name, ageDays, isLast) {
    verdict = !isLast && ageDays > days ? "delete" : "keep"
    printf "%s %d %s %s %s\n", verdict, ageDays, size[name], documents[name], name
  }
  $1 ~ "^" prefix "jaeger-(span|service|dependencies|sampling|span-archive)-" {
    name = $1; created[name] = $2 / 1000; size[name] = $3 == "" ? 0 : $3; documents[name] = $4 == "" ? 0 : $4
    if (match(name, /-[0-9][0-9][0-9][0-9][-.][0-9][0-9][-.][0-9][0-9]([-.][0-9][0-9])?$/)) {
      split(substr(name, RSTART + 1, 10), part, /[-.]/)
      tell(name, now / 86400 - (epochDays(part[1] + 0, part[2] + 0, part[3] + 0) + 1), 0)
    } else if (match(name, /-[0-9][0-9][0-9][0-9][0-9][0-9]$/)) {
      series = substr(name, 1, RSTART)
      # Sorted by name: the one before it was written to until this one was made.
      if (previous != "" && previousSeries == series) tell(previous, (now - created[name]) / 86400, 0)
      else if (previous != "") tell(previous, 0, 1)
      previous = name; previousSeries = series
    }
  }
  END { if (previous != "") tell(previous, 0, 1) }')

if [ -z "$plan" ]; then
  echo "no indices of Jaeger"
  exit 0
fi
printf '%s\n' "$plan" | awk '
  function human(bytes) {
    split("B kB MB GB TB", unit, " ")
    for (at = 1; bytes >= 1000 && at < 5; at++) bytes /= 1000
    return sprintf(at == 1 ? "%d %s" : "%.1f %s", bytes, unit[at])
  }
  { printf "%-7s %5d d %10s %12d spans  %s\n", $1, $2, human($3), $4, $5; total += $3; count++ }
  $1 == "delete" { going += $3; goes++ }
  END { printf "%d indices, %s; %d of them, %s, are older than asked for\n", count, human(total), goes, human(going) }'

if [ "$delete" = no ]; then
  echo "nothing was deleted: --delete does it"
  exit 0
fi
# Read to the end first: a loop behind a pipe could not end this script.
for name in $(printf '%s\n' "$plan" | awk '$1 == "delete" { print $5 }'); do
  if answer=$(ask --request DELETE "$url/$name"); then
    echo "deleted $name"
  else
    echo "clean-indices.sh: $name was not deleted: $answer" >&2
    exit 1
  fi
done
