import { commandEndpoint, mrpcLink } from '@antiphon/azure-iot-operations'
import { payloadCodec } from '../payload/payload.js'
import type { Dialect } from './command-endpoint.js'

/** The dialect of commands of Azure IoT Operations: payloads of any type, and the headers of the platform. */
export const azureIotOperations: Dialect = ({ topic, contentType, acceptsNotifications }) => {
  const [request, response] = [payloadCodec(contentType), payloadCodec()]
  return {
    ...commandEndpoint({ name: topic, requestTopicPattern: topic, request, response }, { topic }),
    acceptsNotifications,
    toLink: mrpcLink,
    serving: { acknowledge: 'after-response', controlTopic: false },
  }
}
