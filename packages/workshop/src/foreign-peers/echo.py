"""Responds with the payload of the request, using only Response Topic and Correlation Data."""

import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

port, topic = int(sys.argv[1]), sys.argv[2]


def on_message(client, userdata, message):
    properties = Properties(PacketTypes.PUBLISH)
    properties.CorrelationData = message.properties.CorrelationData
    client.publish(message.properties.ResponseTopic, message.payload, qos=1, properties=properties)


def on_subscribe(*_):
    print("ready", flush=True)


version = [mqtt.CallbackAPIVersion.VERSION2] if hasattr(mqtt, "CallbackAPIVersion") else []
client = mqtt.Client(*version, client_id="echo", protocol=mqtt.MQTTv5)
client.on_message = on_message
client.on_subscribe = on_subscribe
client.connect("127.0.0.1", port)
client.subscribe(topic, qos=1)
client.loop_forever()
