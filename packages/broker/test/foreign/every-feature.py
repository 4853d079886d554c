"""Uses every MQTT 5 feature of paho's client with the broker at a port; prints the results as JSON."""
import json
import queue
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

transport, port = sys.argv[1], int(sys.argv[2])
seen = {}


class Client:
    def __init__(self, name, **connect):
        self.connected, self.messages, self.reasons = queue.Queue(), queue.Queue(), queue.Queue()
        self.disconnected, self.published = queue.Queue(), queue.Queue()
        self.client = client = mqtt.Client(name, protocol=mqtt.MQTTv5, transport=transport)
        client.on_connect = lambda c, u, flags, reason, props: self.connected.put((flags, reason, props))
        client.on_message = lambda c, u, message: self.messages.put(message)
        client.on_subscribe = lambda c, u, mid, reasons, props: self.reasons.put(reasons)
        client.on_disconnect = lambda c, u, reason, props=None: self.disconnected.put(reason)
        client.on_publish = lambda c, u, mid: self.published.put(mid)
        client.connect("127.0.0.1", port, clean_start=connect.pop("clean", True), **connect)
        client.loop_start()
        self.flags, self.reason, self.properties = self.connected.get(timeout=100)

    def subscribe(self, topic, **options):
        self.client.subscribe(topic, options=SubscribeOptions(**options))
        return [reason.value for reason in self.reasons.get(timeout=100)]

    def message(self):
        return self.messages.get(timeout=100)


def properties(kind, **values):
    result = Properties(kind)
    for name, value in values.items():
        setattr(result, name, value)
    return result


a = Client("")
seen["assigned"] = len(a.properties.AssignedClientIdentifier) > 0
seen["reasonCodes"] = a.subscribe("t/#", qos=2)
user = [("b", "1"), ("a", "2"), ("b", "3")]
for qos in (0, 1, 2):
    a.client.publish(
        "t/1",
        b"payload",
        qos,
        properties=properties(
            PacketTypes.PUBLISH,
            PayloadFormatIndicator=1,
            MessageExpiryInterval=60,
            ContentType="text/plain",
            ResponseTopic="responses",
            CorrelationData=b"\x00\xff",
            UserProperty=user,
        ),
    )
received = [a.message() for _ in range(3)]
# At QoS 2 paho hands a message on once it is released, so that they may come in another order.
seen["qos"] = sorted(message.qos for message in received)
seen["properties"] = all(
    message.properties.ContentType == "text/plain"
    and message.properties.ResponseTopic == "responses"
    and message.properties.CorrelationData == b"\x00\xff"
    and message.properties.MessageExpiryInterval == 60
    and message.properties.UserProperty == user
    for message in received
)

a.client.publish("retained", b"retained", 1, retain=True).wait_for_publish()
seen["retained"] = []
for handling in (0, 2, 1):
    a.subscribe("retained", qos=1, retainHandling=handling)
    a.client.publish("t/mark", b"mark", 1)
    flags = []
    while (message := a.message()).topic != "t/mark":
        flags.append(bool(message.retain))
    seen["retained"].append(flags)

seen["noLocal"] = a.subscribe("own", qos=0, noLocal=True)
a.client.publish("own", b"x")
a.client.publish("t/mark", b"mark")
seen["afterNoLocal"] = a.message().topic

stored = properties(PacketTypes.CONNECT, SessionExpiryInterval=60)
b = Client("b", properties=stored)
b.subscribe("later", qos=2)
twin = Client("b", clean=False, properties=stored)
seen["takenOver"] = b.disconnected.get(timeout=100).value
b.client.loop_stop()
seen["present"] = twin.flags["session present"]
twin.client.disconnect()
twin.client.loop_stop()
a.client.publish("later", b"while offline", 2).wait_for_publish()
again = Client("b", clean=False, properties=stored)
seen["queued"] = again.message().payload.decode()

again.subscribe("$share/g/work", qos=1)
a.subscribe("$share/g/work", qos=1)
for index in range(10):
    a.client.publish("work", str(index), 1)
shares = [[client.message().payload.decode() for _ in range(5)] for client in (a, again)]
seen["shared"] = sorted(int(payload) for share in shares for payload in share)

for client in (a, again):
    client.client.disconnect()
    client.client.loop_stop()
print(json.dumps(seen))
