#!/usr/bin/env python3
# SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
# SPDX-License-Identifier: Apache-2.0

"""A shard that shares nothing with the library but the protocol. It needs Python 3.9, and nothing else.

For each Deployment that is assigned to it, it keeps a ConfigMap of the same name that says how many replicas are wanted.
That is the function reconcile, at the end. The rest is what docs/implement-sharding.md asks of a shard in any language;
numbers in brackets are the points of the checklist there.
"""

import argparse
import re
import signal
import socket
import threading
import time

from apiserver import APPLY_PATCH, MERGE_PATCH, Client, Cluster, Refused
from cache import Cache, Queue, key_of
from lease import Lease, die, log


class Shard:
    def __init__(self, cluster, options):
        self.name, self.asked_to_stop, self.queue = options.name, False, Queue()
        self.shard_label = "shard.alpha.sharding.timebertt.dev/" + options.ring
        self.drain_label = "drain.alpha.sharding.timebertt.dev/" + options.ring
        agent = f"python-shard shard/{self.name}"  # so that the audit log tells who wrote what
        selector = f"{self.shard_label}={self.name}"
        self.lease = Lease(Client(cluster, agent), options)
        self.client = Client(cluster, agent, guard=self.lease.check)
        self.mains = Cache(Client(cluster, agent), "/apis/apps/v1/deployments", selector, self.enqueue)
        self.controlled = Cache(Client(cluster, agent), "/api/v1/configmaps", selector, self.enqueue_controller)

    def run(self):
        for number in signal.SIGTERM, signal.SIGINT:
            signal.signal(number, self.ask_to_stop)
        self.worker, holder = thread(self.work), thread(self.hold)
        holder.start()
        while not self.asked_to_stop:
            if self.lease.renewed:
                self.lease.check()
            time.sleep(0.1)
        self.stop(holder)

    def ask_to_stop(self, *_):
        """It interrupts run anywhere, so it must not touch a lock that run may hold; that of a threading.Event, say."""
        self.asked_to_stop = True

    def hold(self):
        if not self.lease.acquire():
            return
        self.lease.await_ready()
        thread(self.mains.follow).start()  # only now: so it lists what there is after the sharder has said ready
        thread(self.controlled.follow).start()
        self.worker.start()
        self.lease.keep()

    def stop(self, holder):
        """[8] Finishes what is in flight, then releases the lease. If that takes too long, the lease has to expire."""
        log("Stopping")
        self.queue.close()
        if self.worker.is_alive():
            self.worker.join(20)
            if self.worker.is_alive():
                die("a reconcile is still in flight")
        self.lease.done.set()
        holder.join()
        self.lease.release()

    def enqueue(self, item):
        self.queue.add(key_of(item))

    def enqueue_controller(self, item):
        for owner in item["metadata"].get("ownerReferences", []):
            if owner.get("controller") and owner["kind"] == "Deployment":
                self.queue.add((item["metadata"]["namespace"], owner["name"]))

    def work(self):
        """[6] One thread, so an object is never reconciled and let go at the same time."""
        failures = {}
        while key := self.queue.next():
            try:
                self.handle(key)
                failures.pop(key, None)
            except OSError as error:
                failures[key] = failures.get(key, -1) + 1
                log("Trying again", object="/".join(key), error=str(error))
                self.queue.add(key, min(60, 0.05 * 2 ** failures[key]))

    def handle(self, key):
        main = self.mains.objects.get(key)
        if main is None:
            return  # [6] not this shard's any more
        if self.drain_label in main["metadata"]["labels"]:
            self.let_go(key, main)
        elif "deletionTimestamp" not in main["metadata"]:
            reconcile(self.client, main, self.controlled.objects.get(key), {self.shard_label: self.name})

    def let_go(self, key, main):
        """[7] Both labels in one write, with the version that was seen. If that is stale, the watch brings another."""
        metadata = {"uid": main["metadata"]["uid"], "resourceVersion": main["metadata"]["resourceVersion"],
                    "labels": {self.shard_label: None, self.drain_label: None}}
        path = "/apis/apps/v1/namespaces/{}/deployments/{}".format(*key)
        try:
            self.client.request("PATCH", path, {"metadata": metadata}, MERGE_PATCH)
        except Refused as refused:
            if refused.code not in (404, 409):
                raise


def reconcile(client, deployment, config_map, labels):
    """What this controller is for. It writes what differs from what it sees, and labels what it writes [9]."""
    data = {"replicas": str(deployment["spec"]["replicas"])}
    if config_map and config_map.get("data") == data:
        return
    namespace, name = key_of(deployment)
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": deployment["metadata"]["uid"], "controller": True}
    metadata = {"name": name, "namespace": namespace, "labels": labels, "ownerReferences": [owner]}
    if config_map:
        metadata["resourceVersion"] = config_map["metadata"]["resourceVersion"]
    path = f"/api/v1/namespaces/{namespace}/configmaps/{name}?fieldManager=worker&force=true"
    client.request("PATCH", path, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}, APPLY_PATCH)


def thread(target):
    def run():
        try:
            target()
        except BaseException as error:  # a thread must not end unnoticed
            die(repr(error))

    return threading.Thread(target=run, daemon=True)


def parse_options():
    parser = argparse.ArgumentParser(description="A shard of a ring over Deployments.")
    parser.add_argument("--ring", required=True, help="name of the ring")
    parser.add_argument("--name", default=socket.gethostname().lower(), help="name of the shard and its lease (default: %(default)s)")
    parser.add_argument("--namespace", required=True, help="where the lease is")
    parser.add_argument("--kubeconfig", help="file in JSON, from: kubectl config view --raw --flatten --minify --output json; none in a pod")
    parser.add_argument("--lease-duration", type=int, default=15, help="seconds (default: %(default)s)")
    parser.add_argument("--renew-deadline", type=float, default=10, help="seconds, less than that (default: %(default)s)")
    parser.add_argument("--retry-period", type=float, default=2, help="seconds, much less than that (default: %(default)s)")
    options = parser.parse_args()
    if len(options.name) > 63 or not re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", options.name):
        parser.error("--name must be a DNS name of at most 63 characters")
    if options.name in ("shardlease-controller", options.ring):
        parser.error(f"--name must not be {options.name}: leases of sharders use it")
    if not 0 < 1.2 * options.retry_period < options.renew_deadline < options.lease_duration:
        parser.error("--lease-duration, --renew-deadline and 1.2 times --retry-period must each be longer than the next")
    return options


if __name__ == "__main__":
    chosen = parse_options()
    try:
        connection = Cluster(chosen.kubeconfig)
    except (LookupError, ValueError, OSError) as problem:
        die(f"cannot tell how to reach the API server: {problem!r}")
    Shard(connection, chosen).run()
