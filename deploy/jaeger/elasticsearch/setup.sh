#!/bin/sh
# Tells Elasticsearch how long Jaeger's indices live and how they are backed up: the policies in the directory of this script. Needs curl.
#   ELASTICSEARCH_URL=https://elasticsearch:9200 [ELASTICSEARCH_USERNAME=... ELASTICSEARCH_PASSWORD=...] [ELASTICSEARCH_CA=ca.pem] setup.sh
# May run as often as one likes. Exit code 0: all is set; 1: Elasticsearch refused or was not there, as the message says; 2: wrong use.
set -eu
here=$(dirname "$0")
url=${ELASTICSEARCH_URL:-}
if [ -z "$url" ]; then
  echo "setup.sh: ELASTICSEARCH_URL is not set" >&2
  exit 2
fi

# The password goes to curl by its standard input: arguments can be read by everybody on the machine.
login() {
  if [ -n "${ELASTICSEARCH_USERNAME:-}" ]; then
    printf '%s:%s' "$ELASTICSEARCH_USERNAME" "${ELASTICSEARCH_PASSWORD:-}" | sed 's/[\\"]/\\&/g; s/^/user = "/; s/$/"/'
  fi
}

put() {
  if answer=$(login | curl --config - --silent --show-error --fail-with-body --max-time 60 ${ELASTICSEARCH_CA:+--cacert "$ELASTICSEARCH_CA"} \
    --request PUT --header 'content-type: application/json' --data-binary "@$here/$2" "$url/$1" 2>&1); then
    echo "$1 is set"
  else
    echo "setup.sh: PUT /$1 failed: $answer" >&2
    exit 1
  fi
}

# The name is the one that Jaeger's rollover tool looks for.
put _ilm/policy/jaeger-ilm-policy ilm-policy.json
put _snapshot/jaeger-backups snapshot-repository.json
put _slm/policy/jaeger-daily snapshot-policy.json
