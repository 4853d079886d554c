"""Responds with temperatures; reads correlations as UTF-8 and fails on a request without a Response Topic."""

import sys

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

port, topic = int(sys.argv[1]), sys.argv[2]
degrees = {"Vienna": 22.5, "Berlin": 18.3}


def on_message(client, userdata, message):
    response_topic = message.properties.ResponseTopic
    correlation = message.properties.CorrelationData
    request = message.payload.decode("utf-8")
    if not request.startswith("query:"):
        print(f"ignored {request}", flush=True)
        return
    city = request[len("query:") :]
    properties = Properties(PacketTypes.PUBLISH)
    properties.CorrelationData = correlation
    properties.ContentType = "text/plain"
    client.publish(response_topic, f"Temperature in {city}: {degrees.get(city, 20.0):.1f}°C", qos=1, properties=properties)
    print(f"answered {correlation.decode('utf-8')}", flush=True)


def on_subscribe(*_):
    print("ready", flush=True)


version = [mqtt.CallbackAPIVersion.VERSION2] if hasattr(mqtt, "CallbackAPIVersion") else []
client = mqtt.Client(*version, client_id="weather", protocol=mqtt.MQTTv5)
client.on_message = on_message
client.on_subscribe = on_subscribe
client.connect("127.0.0.1", port)
client.subscribe(topic)
client.loop_forever()
