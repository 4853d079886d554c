"""Runs the responder cases of conformance data against a responder, over a broker.

conformance.py <port> <prefix> <file of data> [feature that the responder lacks ...]

The responder serves the topic of the service with the prefix <prefix>. Prints a line per case, "pass <name>" or
"fail <name>: <reason>", and exits with 1 if one failed.
"""

import json
import queue
import sys
import time

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

port, prefix, file, *lacks = sys.argv[1:]
timeout = 60
received = queue.Queue()
subscribed = queue.Queue()

NAMES = {
    "responseTopic": "ResponseTopic",
    "correlationData": "CorrelationData",
    "contentType": "ContentType",
    "payloadFormatIndicator": "PayloadFormatIndicator",
    "messageExpiryInterval": "MessageExpiryInterval",
}


def topic_of(topic):
    return topic.replace("{prefix}", prefix)


def bytes_of(data):
    kind, _, text = data.partition(":")
    return bytes.fromhex(text) if kind == "hex" else text.encode()


def property_of(message, name):
    return getattr(message.properties, NAMES[name], None)


def send(client, data):
    properties = Properties(PacketTypes.PUBLISH)
    for name, attribute in NAMES.items():
        if name in data:
            value = data[name]
            if name == "correlationData":
                value = bytes_of(value)
            if name == "responseTopic":
                value = topic_of(value)
            setattr(properties, attribute, value)
    if "userProperties" in data:
        properties.UserProperty = [tuple(pair) for pair in data["userProperties"]]
    payload = bytes.fromhex(data["hex"]) if "hex" in data else data.get("payload", "").encode()
    client.publish(topic_of(data["topic"]), payload, qos=data.get("qos", 1), properties=properties)


def next_message():
    try:
        return received.get(timeout=timeout)
    except queue.Empty:
        raise AssertionError("no message arrived") from None


def expect(actual, expected, what):
    assert actual == expected, f"{what} is {actual!r}, expected {expected!r}"


def expect_message(message, expected):
    expect(message.topic, topic_of(expected["topic"]), "the topic")
    if "payload" in expected:
        expect(message.payload.decode(), expected["payload"], "the payload")
    if "json" in expected:
        expect(json.loads(message.payload), expected["json"], "the payload")
    if "correlationData" in expected:
        expect(property_of(message, "correlationData"), bytes_of(expected["correlationData"]), "the Correlation Data")
    if "qos" in expected:
        expect(message.qos, expected["qos"], "the QoS")
    if "retain" in expected:
        expect(bool(message.retain), expected["retain"], "retain")
    for name in ("contentType", "payloadFormatIndicator"):
        if name in expected:
            expect(property_of(message, name), expected[name], name)
    if "messageExpiryInterval" in expected:
        limits, actual = expected["messageExpiryInterval"], property_of(message, "messageExpiryInterval")
        assert actual is not None and limits["from"] <= actual <= limits["to"], f"the expiry is {actual}"
    user_properties = dict(reversed(getattr(message.properties, "UserProperty", [])))
    for name, value in expected.get("userProperties", {}).items():
        expect(user_properties.get(name), value, f"the User Property {name}")
    for name in expected.get("present", []):
        assert property_of(message, name) is not None, f"there is no {name}"
    for name in expected.get("absent", []):
        expect(property_of(message, name), None, name)


def run(client, steps):
    for step in steps:
        ((kind, value),) = step.items()
        if kind == "send":
            send(client, value)
        elif kind == "receive":
            expect_message(next_message(), value)
        elif kind == "wait":
            time.sleep(value / 1000)
        else:
            raise AssertionError(f"a responder case has no step {kind}")
    client.publish(topic_of("{prefix}/responses"), b"end of the case", qos=1)
    expect(next_message().payload, b"end of the case", "a message that no step expects")


with open(file, encoding="utf-8") as data_file:
    data = json.load(data_file)

version = [mqtt.CallbackAPIVersion.VERSION2] if hasattr(mqtt, "CallbackAPIVersion") else []
client = mqtt.Client(*version, client_id=f"conformance-{prefix}".replace("/", "-"), protocol=mqtt.MQTTv5)
client.on_message = lambda client, userdata, message: received.put(message)
client.on_subscribe = lambda *_: subscribed.put(True)
client.connect("127.0.0.1", int(port))
client.loop_start()
client.subscribe(topic_of("{prefix}/responses"), qos=1)
subscribed.get(timeout=timeout)

failed = False
for case in data["responder"]:
    if any(feature in lacks for feature in case.get("needs", [])):
        continue
    try:
        run(client, case["steps"])
        print(f"pass {case['name']}", flush=True)
    except (AssertionError, ValueError) as reason:
        failed = True
        print(f"fail {case['name']}: {reason}", flush=True)
        # Messages of the failed case must not count for the next one.
        client.publish(topic_of("{prefix}/responses"), b"resumed", qos=1)
        while next_message().payload != b"resumed":
            pass
client.disconnect()
sys.exit(1 if failed else 0)
