"""Sends one request per argument and prints each response with its request; fails on a response without correlation."""

import sys
import uuid

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

port, topic, requests = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
response_topic = "response/traveller"
pending = {}


def on_message(client, userdata, message):
    correlation = message.properties.CorrelationData.decode("utf-8")
    print(f"{pending.pop(correlation, 'unknown')} -> {message.payload.decode('utf-8')}", flush=True)
    if not pending:
        client.disconnect()


def on_subscribe(client, *_):
    for request in requests:
        correlation = str(uuid.uuid4())
        pending[correlation] = request
        properties = Properties(PacketTypes.PUBLISH)
        properties.ResponseTopic = response_topic
        properties.CorrelationData = correlation.encode("utf-8")
        properties.ContentType = "text/plain"
        client.publish(topic, request, qos=1, properties=properties)


version = [mqtt.CallbackAPIVersion.VERSION2] if hasattr(mqtt, "CallbackAPIVersion") else []
client = mqtt.Client(*version, client_id="traveller", protocol=mqtt.MQTTv5)
client.on_message = on_message
client.on_subscribe = on_subscribe
client.connect("127.0.0.1", port)
client.subscribe(response_topic)
client.loop_forever()
