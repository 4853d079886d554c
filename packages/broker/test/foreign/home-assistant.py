"""Starts as Home Assistant's MQTT integration does, discovers devices and controls them; prints the results as JSON."""
import json
import queue
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.subscribeoptions import SubscribeOptions

transport, port = sys.argv[1], int(sys.argv[2])
STATUS = "homeassistant/status"
DEVICES = 40
TIMEOUT = 100


class Client:
    """A client that collects what it receives; `on_message` may act on it."""

    def __init__(self, name, will, on_message=None):
        self.connected, self.acknowledged = queue.Queue(), queue.Queue()
        self.messages = queue.Queue()
        self.client = client = mqtt.Client(name, protocol=mqtt.MQTTv5, transport=transport)
        client.on_connect = lambda c, u, flags, reason, props: self.connected.put(reason.value)
        client.on_subscribe = lambda c, u, mid, reasons, props: self.acknowledged.put([r.value for r in reasons])
        client.on_publish = lambda c, u, mid: self.acknowledged.put(mid)
        client.on_message = lambda c, u, message: (on_message or self.messages.put)(message)
        client.will_set(*will)
        client.connect("127.0.0.1", port, keepalive=60, clean_start=True)
        client.loop_start()
        assert self.connected.get(timeout=TIMEOUT) == 0

    def subscribe(self, filters):
        """Sends one SUBSCRIBE with many filters; Home Assistant collects up to 500."""
        self.client.subscribe([(topic, SubscribeOptions(qos=qos)) for topic, qos in filters])
        return self.acknowledged.get(timeout=TIMEOUT)

    def publish(self, topic, payload, qos=0, retain=False):
        self.client.publish(topic, payload, qos, retain).wait_for_publish(TIMEOUT)

    def take(self, count):
        return [self.messages.get(timeout=TIMEOUT) for _ in range(count)]

    def disconnect(self):
        self.client.disconnect()
        self.client.loop_stop()

    def lose(self):
        """Ends the connection without DISCONNECT."""
        self.client._thread_terminate = True  # or the loop would connect again
        self.client._sock_close()
        self.client.loop_stop()


class Device(Client):
    """A switch that announces itself, and does so again when Home Assistant has started."""

    def __init__(self, number):
        self.name = f"switch_{number}"
        self.births = queue.Queue()
        super().__init__(self.name, (f"dev/{self.name}/available", "offline", 1, True), self.act)
        self.subscribe([(STATUS, 0), (f"dev/{self.name}/set", 1)])
        self.announce()

    def announce(self):
        config = {
            "name": self.name,
            "unique_id": self.name,
            "state_topic": f"dev/{self.name}/state",
            "command_topic": f"dev/{self.name}/set",
            "availability_topic": f"dev/{self.name}/available",
        }
        self.client.publish(f"homeassistant/switch/{self.name}/config", json.dumps(config), 1, True)
        self.client.publish(f"dev/{self.name}/available", "online", 1, True)
        self.client.publish(f"dev/{self.name}/state", "OFF", 1, True)

    def act(self, message):
        if message.topic == STATUS:
            self.births.put(message.payload.decode())
        else:
            self.client.publish(f"dev/{self.name}/state", message.payload, 1, True)


def start():
    """Connects as Home Assistant and discovers all devices; returns the client and what it saw."""
    # An empty Client Identifier with a Clean Start, as the integration does by default: the broker assigns one.
    home = Client("", (STATUS, "offline", 0, False))
    prefixes = ["binary_sensor", "light", "sensor", "switch"]
    codes = home.subscribe([(f"homeassistant/{kind}/{rest}/config", 0) for kind in prefixes for rest in ["+", "+/+"]])
    configs = home.take(DEVICES)
    topics = [
        (json.loads(config.payload)[key], 0)
        for config in configs
        for key in ["state_topic", "availability_topic"]
    ]
    codes += home.subscribe(topics)
    states = home.take(2 * DEVICES)
    home.publish(STATUS, "online")
    seen = {
        "granted": sorted(set(codes)),
        "configs": len({config.topic for config in configs}),
        "states": sorted({(message.payload.decode(), bool(message.retain)) for message in states}),
    }
    return home, seen


devices = [Device(number) for number in range(DEVICES)]
home, seen = start()
# Every device hears that Home Assistant has started.
seen["births"] = sorted({device.births.get(timeout=TIMEOUT) for device in devices})

home.publish("dev/switch_7/set", "ON", 1)
[state] = home.take(1)
seen["commanded"] = [state.topic, state.payload.decode(), bool(state.retain)]

devices[3].lose()
[lost] = home.take(1)
seen["lost"] = [lost.topic, lost.payload.decode()]

# A device is removed by an empty retained configuration.
devices[5].publish("homeassistant/switch/switch_5/config", "", 1, True)
[removed] = home.take(1)
seen["removed"] = [removed.topic, len(removed.payload), bool(removed.retain)]

# Home Assistant dies: its will reaches the devices. Then it starts again and finds the devices by their retained messages.
home.lose()
seen["deaths"] = sorted({device.births.get(timeout=TIMEOUT) for device in devices if device is not devices[3]})
DEVICES -= 1
home, again = start()
seen["again"] = again["configs"]
print(json.dumps(seen))
home.disconnect()
for device in devices:
    device.disconnect()
