#!/bin/sh
# test_tracing.sh - end-to-end tracing validation: one signed test ticket, from webhook to stored trace.
# Takes the options of `throughline verify`, e.g. --data DIR, or --url URL --tenant ID --secret-file FILE --jaeger URL.
# Exit code 0: everything was found, 1: something was not, 2: wrong use.
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
exec "$root/node_modules/.bin/throughline" verify "$@"
