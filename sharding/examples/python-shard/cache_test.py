# SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
# SPDX-License-Identifier: Apache-2.0

import unittest
from urllib.parse import parse_qs, urlsplit

from apiserver import Refused
from cache import Cache, Queue


class End(Exception):
    """Ends what never returns."""


class FakeClient:
    """Answers with what it is given, in this order, and keeps the queries."""

    def __init__(self, *answers):
        self.answers, self.queries = list(answers), []

    def answer(self, path):
        query = {key: values[0] for key, values in parse_qs(urlsplit(path).query).items()}
        self.queries.append({key: query[key] for key in ("labelSelector", "continue", "watch", "resourceVersion") if key in query})
        if not self.answers:
            raise End
        if isinstance(self.answers[0], Exception):
            raise self.answers.pop(0)
        return self.answers.pop(0)

    def request(self, _, path, timeout):
        return self.answer(path)

    def events(self, path, timeout):
        return self.answer(path)


def item(name, version):
    return {"metadata": {"namespace": "default", "name": name, "resourceVersion": version}}


def page(version, *items, more=None):
    return {"metadata": {"resourceVersion": version, **({"continue": more} if more else {})}, "items": items}


def event(kind, thing):
    return {"type": kind, "object": thing}


class CacheTest(unittest.TestCase):
    def follow(self, *answers):
        self.client, self.changed = FakeClient(*answers), []
        self.cache = Cache(self.client, "/things", "shard=a", lambda thing: self.changed.append(thing["metadata"]["name"]))
        with self.assertRaises(End):
            self.cache.follow()
        return sorted(name for _, name in self.cache.objects)

    def test_lists_in_pages_and_watches_from_there(self):
        names = self.follow(page("5", item("x", "1"), more="next"), page("6", item("y", "2")), [event("DELETED", item("x", "7"))])
        self.assertEqual(names, ["y"])
        self.assertEqual(self.changed, ["x", "y", "x"])
        self.assertEqual(self.client.queries, [
            {"labelSelector": "shard=a"},
            {"labelSelector": "shard=a", "continue": "next"},
            {"labelSelector": "shard=a", "watch": "true", "resourceVersion": "6"},
            {"labelSelector": "shard=a", "watch": "true", "resourceVersion": "7"},
        ])

    def test_goes_on_from_a_bookmark(self):
        names = self.follow(page("5", item("x", "1")), [event("BOOKMARK", {"metadata": {"resourceVersion": "90"}})])
        self.assertEqual(names, ["x"])
        self.assertEqual(self.changed, ["x"])
        self.assertEqual(self.client.queries[-1]["resourceVersion"], "90")

    def test_lists_again_when_the_version_is_forgotten(self):
        gone = event("ERROR", {"code": 410, "message": "too old"})
        for refusal in Refused(410, "too old"), [gone]:
            with self.subTest(refusal=refusal):
                names = self.follow(page("5", item("x", "1")), refusal, page("9", item("y", "8")), [])
                self.assertEqual(names, ["y"], "what is gone in between is gone from the cache")
                self.assertEqual(self.changed, ["x", "y", "x"])
                self.assertEqual(self.client.queries[-1]["resourceVersion"], "9")


class QueueTest(unittest.TestCase):
    def test_holds_a_key_once_until_its_turn(self):
        queue = Queue()
        queue.add("later", delay=3600)
        queue.add("now")
        queue.add("now", delay=3600)
        self.assertEqual(queue.next(), "now")
        queue.add("later")
        self.assertEqual(queue.next(), "later")
        queue.close()
        self.assertIsNone(queue.next())


if __name__ == "__main__":
    unittest.main()
