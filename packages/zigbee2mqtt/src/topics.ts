/** Where Zigbee2MQTT publishes. */
export interface BaseTopicOptions {
  /** The `base_topic` in the configuration of Zigbee2MQTT. @defaultValue 'zigbee2mqtt' */
  readonly baseTopic?: string
}

/** The base topic if Zigbee2MQTT is not configured otherwise. */
export const BASE_TOPIC = 'zigbee2mqtt'

/** Returns a topic as a template without parameters. */
export function asTemplate(topic: string): string {
  return topic.replace(/[{}]/g, '$&$&')
}
