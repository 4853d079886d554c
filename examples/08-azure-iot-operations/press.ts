/** What the executor of a press and its invokers agree on. */
import { command, telemetry } from '@antiphon/azure-iot-operations'
import { json } from '@antiphon/core'
import * as t from 'io-ts'

export const press = command({
  name: 'press',
  requestTopicPattern: 'presses/{executorId}/press',
  request: json(t.type({ force: t.number })),
  response: json(t.type({ presses: t.number })),
})

export const force = telemetry({
  topicPattern: 'presses/{senderId}/force',
  payload: json(t.number),
})
