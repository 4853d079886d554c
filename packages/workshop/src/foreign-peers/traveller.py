"""Asks for temperatures, one question an argument, and says what came for which; dies of a reply without correlation."""

import sys
import uuid

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

port, topic, questions = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
answers = "response/traveller"
pending = {}


def on_message(client, userdata, message):
    correlation = message.properties.CorrelationData.decode("utf-8")
    print(f"{pending.pop(correlation, 'nobody')} -> {message.payload.decode('utf-8')}", flush=True)
    if not pending:
        client.disconnect()


def on_subscribe(client, *_):
    for question in questions:
        correlation = str(uuid.uuid4())
        pending[correlation] = question
        properties = Properties(PacketTypes.PUBLISH)
        properties.ResponseTopic = answers
        properties.CorrelationData = correlation.encode("utf-8")
        properties.ContentType = "text/plain"
        client.publish(topic, question, qos=1, properties=properties)


version = [mqtt.CallbackAPIVersion.VERSION2] if hasattr(mqtt, "CallbackAPIVersion") else []
client = mqtt.Client(*version, client_id="traveller", protocol=mqtt.MQTTv5)
client.on_message = on_message
client.on_subscribe = on_subscribe
client.connect("127.0.0.1", port)
client.subscribe(answers)
client.loop_forever()
