"""Serves the lamp of the conformance data with plain MQTT 5: Response Topic and Correlation Data, and nothing else."""

import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

port, topic = int(sys.argv[1]), sys.argv[2]


def on_message(client, userdata, message):
    response_topic = getattr(message.properties, "ResponseTopic", None)
    if response_topic is None:
        return
    properties = Properties(PacketTypes.PUBLISH)
    correlation = getattr(message.properties, "CorrelationData", None)
    if correlation is not None:
        properties.CorrelationData = correlation
    client.publish(response_topic, '{"ok":true}', qos=message.qos, properties=properties)


version = [mqtt.CallbackAPIVersion.VERSION2] if hasattr(mqtt, "CallbackAPIVersion") else []
client = mqtt.Client(*version, client_id="lamp", protocol=mqtt.MQTTv5)
client.on_message = on_message
client.on_subscribe = lambda *_: print("ready", flush=True)
client.connect("127.0.0.1", port)
client.subscribe(topic, qos=1)
client.loop_forever()
