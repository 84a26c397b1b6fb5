# SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
# SPDX-License-Identifier: Apache-2.0

"""Just enough of a client for the API server, from Python's standard library."""

import base64
import http.client
import json
import os
import ssl
import tempfile
import urllib.parse

IN_POD = "/var/run/secrets/kubernetes.io/serviceaccount/"
JSON, MERGE_PATCH, APPLY_PATCH = "application/json", "application/merge-patch+json", "application/apply-patch+yaml"


class Refused(OSError):
    """The API server answered with an error. Every other OSError means that it did not answer."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code


class Cluster:
    """Where the API server is, and who we are."""

    def __init__(self, kubeconfig=None):
        if not kubeconfig:
            self.host = f"{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}"
            self.tls = ssl.create_default_context(cafile=IN_POD + "ca.crt")
            self.token = lambda: read(IN_POD + "token")  # which is replaced before it expires
            return
        config = json.loads(read(kubeconfig))
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.host = urllib.parse.urlsplit(cluster["server"]).netloc
        self.tls = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        self.token = lambda: user.get("token")
        if "client-certificate-data" in user:
            with tempfile.NamedTemporaryFile() as pair:  # which only its owner can read
                pair.write(base64.b64decode(user["client-certificate-data"]) + b"\n" + base64.b64decode(user["client-key-data"]))
                pair.flush()
                self.tls.load_cert_chain(pair.name)


def read(file):
    with open(file, encoding="utf-8") as content:
        return content.read().strip()


class Client:
    """A connection to the API server, for one thread. If there is a guard, it is asked right before each write."""

    def __init__(self, cluster, agent, guard=None):
        self.cluster, self.agent, self.guard, self.connection = cluster, agent, guard, None

    def request(self, method, path, body=None, kind=JSON, timeout=5.0):
        """Returns the answer. It takes at most the timeout in seconds, more or less."""
        response = self.send(method, path, body, kind, timeout)
        answer = self.attempt(response.read)
        if response.status >= 300:
            raise Refused(response.status, answer.decode(errors="replace"))
        return json.loads(answer)

    def events(self, path, timeout):
        """Yields the events of a watch, until the API server ends it."""
        try:
            response = self.send("GET", path, None, JSON, timeout)
            if response.status >= 300:
                raise Refused(response.status, self.attempt(response.read).decode(errors="replace"))
            while line := self.attempt(response.readline):
                yield json.loads(line)
        finally:
            self.close()

    def send(self, method, path, body, kind, timeout):
        if not self.connection:
            self.connection = http.client.HTTPSConnection(self.cluster.host, context=self.cluster.tls, timeout=timeout)
            self.attempt(self.connection.connect)
        self.connection.sock.settimeout(timeout)
        headers = {"User-Agent": self.agent, "Content-Type": kind, "Accept": JSON}
        if token := self.cluster.token():
            headers["Authorization"] = "Bearer " + token
        data = None if body is None else json.dumps(body)
        if self.guard and method != "GET":
            self.guard()
        self.attempt(lambda: self.connection.request(method, path, data, headers))
        return self.attempt(self.connection.getresponse)

    def attempt(self, step):
        """A connection that failed is of no more use."""
        try:
            return step()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise ConnectionError(f"no answer: {error!r}") from error

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None
