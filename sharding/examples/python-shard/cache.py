# SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
# SPDX-License-Identifier: Apache-2.0

"""What is assigned to a shard, by list and watch, and a queue of what there is to do about it.

Numbers in brackets are the points of the checklist in docs/implement-sharding.md.
"""

import threading
import time
from urllib.parse import urlencode

from apiserver import Refused
from lease import log


def key_of(item):
    return item["metadata"]["namespace"], item["metadata"]["name"]


class Cache:
    """The objects of one kind that are assigned to this shard."""

    def __init__(self, client, path, selector, changed):
        self.client, self.path, self.selector, self.changed = client, path, selector, changed
        self.objects, self.version = {}, None

    def follow(self):
        """[5] Lists, then watches from the version where the list or the last watch ended. Never returns."""
        while True:
            try:
                if self.version is None:
                    self.list()
                self.watch()
            except (OSError, ValueError) as error:
                if getattr(error, "code", None) == 410:  # the API server has forgotten what came after the version
                    self.version = None
                    continue
                log("Lost the watch: trying again", path=self.path, error=str(error))
                time.sleep(1)

    def list(self):
        found, more = {}, {}
        while True:
            query = urlencode({"labelSelector": self.selector, "limit": 500, **more})
            page = self.client.request("GET", f"{self.path}?{query}", timeout=30)
            found.update((key_of(item), item) for item in page["items"])
            if not page["metadata"].get("continue"):
                break
            more = {"continue": page["metadata"]["continue"]}
        gone = [item for key, item in self.objects.items() if key not in found]
        self.objects, self.version = found, page["metadata"]["resourceVersion"]
        for item in [*found.values(), *gone]:
            self.changed(item)

    def watch(self):
        query = urlencode({"labelSelector": self.selector, "watch": "true", "resourceVersion": self.version,
                           "allowWatchBookmarks": "true", "timeoutSeconds": 60})
        for event in self.client.events(f"{self.path}?{query}", timeout=75):
            item = event["object"]
            if event["type"] == "ERROR":
                raise Refused(item.get("code"), item.get("message"))
            self.version = item["metadata"]["resourceVersion"]
            if event["type"] == "BOOKMARK":
                continue
            if event["type"] == "DELETED":  # deleted, or not this shard's any more
                self.objects.pop(key_of(item), None)
            else:
                self.objects[key_of(item)] = item
            self.changed(item)


class Queue:
    """Keys that wait for their turn, each at most once."""

    def __init__(self):
        self.due, self.changed, self.closed = {}, threading.Condition(), False

    def add(self, key, delay=0.0):
        with self.changed:
            self.due[key] = min(time.monotonic() + delay, self.due.get(key, float("inf")))
            self.changed.notify()

    def close(self):
        with self.changed:
            self.closed = True
            self.changed.notify()

    def next(self):
        """Waits for the next key and returns it, or None once the queue is closed."""
        with self.changed:
            while not self.closed:
                key = min(self.due, key=self.due.get, default=None)
                wait = None if key is None else self.due[key] - time.monotonic()
                if key is not None and wait <= 0:
                    del self.due[key]
                    return key
                self.changed.wait(wait)
            return None
