import { io, iotjobs, iotshadow, mqtt, mqtt5 } from 'aws-iot-device-sdk-v2'
import { once } from 'node:events'

/** The clients of AWS' own SDK for its services, over one connection. */
export interface Sdk {
  readonly shadow: iotshadow.IotShadowClientv2
  readonly jobs: iotjobs.IotJobsClientv2
  readonly close: () => Promise<void>
}

const limits = {
  maxRequestResponseSubscriptions: 16,
  maxStreamingSubscriptions: 4,
  operationTimeoutInSeconds: 30,
}

/** Connects the SDK over MQTT 5, without TLS. */
export async function connectMqtt5(port: number): Promise<Sdk> {
  const client = new mqtt5.Mqtt5Client({
    hostName: '127.0.0.1',
    port,
    connectProperties: { clientId: 'sdk', keepAliveIntervalSeconds: 30 },
  })
  const connected = once(client, 'connectionSuccess')
  client.start()
  await connected
  const shadow = iotshadow.IotShadowClientv2.newFromMqtt5(client, limits)
  const jobs = iotjobs.IotJobsClientv2.newFromMqtt5(client, limits)
  return {
    shadow,
    jobs,
    close: async () => {
      shadow.close()
      jobs.close()
      const stopped = once(client, 'stopped')
      client.stop()
      await stopped
      client.close()
    },
  }
}

/** Connects the SDK over MQTT 3.1.1, without TLS. */
export async function connectMqtt311(port: number): Promise<Sdk> {
  const connection = new mqtt.MqttClient(new io.ClientBootstrap()).new_connection({
    client_id: 'sdk',
    host_name: '127.0.0.1',
    port,
    socket_options: new io.SocketOptions(),
  })
  await connection.connect()
  const shadow = iotshadow.IotShadowClientv2.newFromMqtt311(connection, limits)
  const jobs = iotjobs.IotJobsClientv2.newFromMqtt311(connection, limits)
  return {
    shadow,
    jobs,
    close: async () => {
      shadow.close()
      jobs.close()
      await connection.disconnect()
    },
  }
}
