#!/usr/bin/env python3
"""An assignment strategy of one's own: members keep what they can, the rest goes to whoever has least.

rejoin starts this program once and sends it questions, one line of JSON each; it answers each with
one line. Try it:

    rejoin assign case.toml --command "python3 examples/my_assignor.py"
"""

import json
import sys


def assign(topics, members):
    """Who gets what: {member: [[topic, [partition, ...]], ...]}."""
    given = {member["id"]: [] for member in members}
    wanted = [(topic["name"], n) for topic in topics for n in range(topic["partitions"])]
    subscribers = {
        topic["name"]: [m["id"] for m in members if topic["name"] in m["topics"]] for topic in topics
    }
    owner_before = {
        (topic, n): member["id"] for member in members for topic, ns in member["owned"] for n in ns
    }
    readable = [p for p in wanted if subscribers[p[0]]]
    most = -(-len(readable) // max(1, len(members)))  # a fair share, rounded up
    left = []
    for partition in readable:
        owner = owner_before.get(partition)
        if owner in subscribers[partition[0]] and len(given[owner]) < most:
            given[owner].append(partition)
        else:
            left.append(partition)
    for partition in left:
        least = min(subscribers[partition[0]], key=lambda member: (len(given[member]), member))
        given[least].append(partition)
    return {member: by_topic(partitions) for member, partitions in given.items()}


def by_topic(partitions):
    runs = {}
    for topic, n in partitions:
        runs.setdefault(topic, []).append(n)
    return [[topic, ns] for topic, ns in runs.items()]


for line in sys.stdin:
    question = json.loads(line)
    answer = {"result": assign(question["topics"], question["members"])}
    print(json.dumps(answer), flush=True)
