import { endpointOfTopic } from '@antiphon/aws-iot'
import type { Dialect } from './command-endpoint.js'
import { requireTopic } from './require-topic.js'

/** The dialect of AWS IoT Core: of shadows, jobs and commands. */
export const awsIot: Dialect = ({ topic, request, acceptsNotifications }) => {
  const endpoint = endpointOfTopic(topic)
  const expected = '$aws/things/<thing>/shadow/get, or one of jobs or commands'
  requireTopic('aws-iot', endpoint !== undefined, expected)
  return { ...endpoint, request, acceptsNotifications }
}
