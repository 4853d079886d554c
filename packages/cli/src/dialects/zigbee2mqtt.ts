import { bridgeEndpoint } from '@antiphon/zigbee2mqtt'
import { adapterEndpoint } from './adapter-endpoint.js'
import type { Dialect } from './command-endpoint.js'
import { requireTopic } from './require-topic.js'

/** The dialect of the bridge of Zigbee2MQTT. */
export const zigbee2Mqtt: Dialect = (parts) => {
  const { topic } = parts
  requireTopic('zigbee2mqtt', topic.includes('/bridge/request/'), 'zigbee2mqtt/bridge/request/<name>')
  const responseTopic = topic.replace('/bridge/request/', '/bridge/response/')
  return adapterEndpoint(bridgeEndpoint(), parts, { responseTopic })
}
