#!/usr/bin/env python3
"""Tells Throughline of a request, from a script action of ServiceDesk Plus.

    python throughline_notify.py $COMPLETE_V3_JSON_FILE

Reads throughline_notify.ini beside this file:

    [throughline]
    url         = https://throughline.example.com/webhook/servicedesk
    tenant      = acme
    secret_file = throughline.secret
    ; what follows may be left out
    log_file    = throughline_notify.log
    attempts    = 5
    timeout     = 10
    ca_file     = my-ca.pem

Signs the body (X-ServiceDesk-Signature, HMAC-SHA256), sends it, and tries again where that can help: no answer, 408, 429, 5xx, after the
time that Retry-After names. What is sent again is the same, so Throughline makes one job of it. Needs Python 3.6 and nothing else.
Prints the JSON that ServiceDesk Plus shows in the request's history; ends with 0 when the request was taken, else with 1.
"""

import configparser
import hashlib
import hmac
import json
import logging
import logging.handlers
import os
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
LARGEST_BODY = 1000000
LONGEST_WAIT = 30
log = logging.getLogger("throughline_notify")


class Failed(Exception):
    """With a sentence for the request's history."""


def settings():
    path = os.environ.get("THROUGHLINE_NOTIFY_INI", os.path.join(HERE, "throughline_notify.ini"))
    parser = configparser.ConfigParser(interpolation=None)
    if not parser.read(path, encoding="utf-8") or not parser.has_section("throughline"):
        raise Failed("%s is missing or has no section [throughline]." % path)
    section = parser["throughline"]
    for name in ("url", "tenant", "secret_file"):
        if not section.get(name):
            raise Failed("%s: %s is missing." % (path, name))
    if not section["url"].lower().startswith(("https://", "http://")):
        raise Failed("%s: url must begin with https:// or http://." % path)
    return section, os.path.dirname(os.path.abspath(path))


def open_log(section, folder):
    path = os.path.join(folder, section.get("log_file", "throughline_notify.log"))
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=1000000, backupCount=3, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)


def read_body(path):
    """The file as it is; where it is too large, what names the request: Throughline reads the rest from the desk."""
    try:
        with open(path, "rb") as file:
            body = file.read()
    except OSError as error:
        raise Failed("%s cannot be read: %s" % (path, error.strerror))
    try:
        request = json.loads(body.decode("utf-8-sig"))["request"]
        request_id = str(request["id"])
    except (ValueError, KeyError, TypeError):
        raise Failed("%s holds no request with an id: pass $COMPLETE_V3_JSON_FILE." % path)
    if len(body) > LARGEST_BODY:
        kept = {"id": request_id, "last_updated_time": request.get("last_updated_time")}
        body = json.dumps({"request": kept}).encode("utf-8")
    return body, request_id


def sign(secret, body):
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def post(url, body, headers, timeout, context):
    """Status, Retry-After and what the answer says; status 0 where none came."""
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=timeout, context=context) as answer:
            return answer.status, None, json.loads(answer.read(100000).decode("utf-8"))
    except urllib.error.HTTPError as error:
        try:
            said = json.loads(error.read(100000).decode("utf-8"))
        except ValueError:
            said = {}
        return error.code, error.headers.get("Retry-After"), said
    except (OSError, ValueError) as error:
        return 0, None, {"title": str(getattr(error, "reason", error))}


def wait_before(attempt, retry_after):
    try:
        asked = int(retry_after)
    except (TypeError, ValueError):
        asked = 2 ** attempt
    return max(0, min(LONGEST_WAIT, asked))


def notify(section, folder, path):
    body, request_id = read_body(path)
    with open(os.path.join(folder, section["secret_file"]), "rb") as file:
        secret = file.read().strip()
    if not secret:
        raise Failed("%s is empty." % section["secret_file"])
    url = section["url"]
    context = None
    if url.lower().startswith("https://"):
        ca_file = section.get("ca_file")
        context = ssl.create_default_context(cafile=os.path.join(folder, ca_file) if ca_file else None)
    headers = {
        "Content-Type": "application/json",
        "X-Tenant-ID": section["tenant"],
        "X-ServiceDesk-Signature": sign(secret, body),
        "User-Agent": "throughline-notify/1",
    }
    attempts = section.getint("attempts", 5)
    for attempt in range(1, attempts + 1):
        status, retry_after, said = post(url, body, headers, section.getfloat("timeout", 10.0), context)
        if status in (200, 202):
            words = said.get("job_id") or said.get("message") or ""
            log.info("request %s: %s %s %s", request_id, status, said.get("status"), words)
            return "Throughline: %s %s" % (said.get("status"), words)
        reason = "%s %s" % (status or "no answer:", said.get("code") or said.get("title") or "")
        log.warning("request %s: attempt %d of %d: %s", request_id, attempt, attempts, reason)
        if status not in (0, 408, 429) and status < 500:
            raise Failed("Throughline refused the request: %s %s" % (reason, said.get("remedy") or ""))
        if attempt < attempts:
            time.sleep(wait_before(attempt, retry_after))
    raise Failed("Throughline did not take the request in %d attempts: %s" % (attempts, reason))


def main(arguments):
    try:
        if len(arguments) != 1:
            raise Failed("Usage: throughline_notify.py $COMPLETE_V3_JSON_FILE")
        section, folder = settings()
        open_log(section, folder)
        result = {"result": "success", "message": notify(section, folder, arguments[0])}
    except (Failed, OSError, ValueError) as error:
        log.error("%s", error)
        result = {"result": "failure", "message": str(error)}
    print(json.dumps(result))
    return 0 if result["result"] == "success" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
