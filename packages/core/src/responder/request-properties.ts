import type { Message } from '../message.js'

/** Whether a message has any property of MQTT 5. */
export function hasMessageProperties(message: Message): boolean {
  const { responseTopic, correlationData, contentType, payloadFormatIndicator } = message
  const { messageExpiryInterval, userProperties = [] } = message
  const single = [responseTopic, correlationData, contentType, payloadFormatIndicator, messageExpiryInterval]
  return userProperties.length > 0 || single.some((property) => property !== undefined)
}
