# SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
# SPDX-License-Identifier: Apache-2.0

"""The lease of a shard, by which it announces itself and proves that it is alive.

Numbers in brackets are the points of the checklist in docs/implement-sharding.md.
"""

import json
import os
import sys
import threading
import time
from datetime import datetime, timezone

from apiserver import Refused

RING_LABEL = "alpha.sharding.timebertt.dev/controllerring"
STATE_LABEL = "alpha.sharding.timebertt.dev/state"


def log(message, **values):
    print(json.dumps({"time": timestamp(), "msg": message, **values}), file=sys.stderr, flush=True)


def die(reason):
    """[4] Not one more write, no cleaning up; the lease is left to expire."""
    log("Ending", reason=reason)
    os._exit(1)


def timestamp():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def now():
    return time.monotonic(), time.time()


def age(since):
    """The longer of what two clocks say: one stands still while a machine sleeps, the other may be set back."""
    return max(time.monotonic() - since[0], time.time() - since[1])


class Lease:
    def __init__(self, client, options):
        self.client, self.options = client, options
        self.path = f"/apis/coordination.k8s.io/v1/namespaces/{options.namespace}/leases"
        self.lease, self.renewed, self.done = None, None, threading.Event()

    def acquire(self):
        """[1] Waits until the lease has no holder, or was not renewed for as long as it is valid. Even if the holder has
        this very name: it may be another process. Returns False if the shard is to stop instead."""
        seen, since, claim = None, now(), None
        while not self.done.is_set():
            try:
                lease = self.get() or {"metadata": {"name": self.options.name}, "spec": {}}
                if not lease["spec"] and seen and seen[0]:  # deleted; its holder may not have noticed
                    lease["spec"] = {"holderIdentity": seen[0], "leaseDurationSeconds": self.options.lease_duration}
                spec = lease["spec"]
                record = spec.get("holderIdentity"), spec.get("acquireTime"), spec.get("renewTime")
                if record != seen:
                    seen, since = record, now()
                mine = claim and spec.get("acquireTime") == claim  # the answer to the write got lost
                if mine or not spec.get("holderIdentity") or age(since) >= spec.get("leaseDurationSeconds", 15):
                    began, claim = now(), timestamp()
                    labels = lease["metadata"].setdefault("labels", {})
                    labels[RING_LABEL] = self.options.ring
                    labels.pop(STATE_LABEL, None)  # it was said of the holder before
                    lease["spec"] = {"holderIdentity": self.options.name, "leaseDurationSeconds": self.options.lease_duration,
                                     "acquireTime": claim, "renewTime": claim, "leaseTransitions": spec.get("leaseTransitions", -1) + 1}
                    self.write(lease, began)
                    log("Acquired the lease", lease=self.options.name)
                    return True
            except OSError as error:
                log("Could not acquire the lease", error=str(error))
            self.done.wait(self.options.retry_period)
        return False

    def await_ready(self):
        """[2] The sharder may just be giving away what an earlier process of this name had. It says when it is done."""
        acquired = now()
        while self.lease["metadata"]["labels"].get(STATE_LABEL) != "ready" and age(acquired) < self.options.lease_duration:
            if self.done.wait(min(0.2, self.options.retry_period)):
                return
            self.renew()

    def keep(self):
        """[3]"""
        while not self.done.wait(self.options.retry_period):
            self.renew()

    def renew(self, **changes):
        """Renews the lease if it is still the one that was acquired. Without an answer, there is time until the deadline."""
        acquired = self.lease["spec"]["acquireTime"]
        try:
            while True:
                began = now()
                try:
                    self.write({**self.lease, "spec": {**self.lease["spec"], "renewTime": timestamp(), **changes}}, began)
                    return True
                except Refused as refused:
                    if refused.code not in (404, 409):
                        raise
                lease = self.get()  # the sharder may have labelled it
                if not lease or lease["spec"].get("holderIdentity") != self.options.name or lease["spec"].get("acquireTime") != acquired:
                    die("the lease was taken or deleted")
                self.lease = lease
        except OSError as error:
            log("Could not renew the lease", error=str(error))
            return False

    def release(self):
        """[8] Only when nothing is in flight any more."""
        if self.renewed:
            self.check()
            if self.renew(holderIdentity=""):
                log("Released the lease")

    def check(self):
        """[4] Asked before every write, and all the time."""
        if age(self.renewed) >= self.options.renew_deadline:
            die("the lease was not renewed in time")

    def get(self):
        try:
            return self.client.request("GET", f"{self.path}/{self.options.name}", timeout=self.options.renew_deadline / 2)
        except Refused as refused:
            if refused.code == 404:
                return None
            raise

    def write(self, lease, began):
        method, path = ("PUT", f"{self.path}/{self.options.name}") if "uid" in lease["metadata"] else ("POST", self.path)
        self.lease = self.client.request(method, path, lease, timeout=self.options.renew_deadline / 2)
        self.renewed = began  # not when the answer came: the lease says the former
