import { createBroker } from '@antiphon/broker'
import { startExampleProgram } from '@antiphon/workshop'
import { expect, it, onTestFinished } from 'vitest'

// What the original programs print, with <id> for the correlation ids.
const requesterLines = [
  'Connected with reason code: Success',
  'Subscribed to response topic: response/requester_client',
  'Sent request <id>: query:Vienna',
  'Sent request <id>: query:Berlin',
  '',
  'Received response for request <id>',
  'Response: Temperature in Vienna: 22.5°C',
  '',
  'Received response for request <id>',
  'Response: Temperature in Berlin: 18.3°C',
  '',
  'Request/Response demo completed',
]
const responderLines = [
  'Temperature Service is running...',
  'Press Ctrl+C to stop',
  'Connected with reason code: Success',
  'Subscribed to request topic: service/temperature/query',
  '',
  'Received request: topic=service/temperature/query, payload=query:Vienna',
  'Sent response to response/requester_client',
  'Correlation Data: <id>',
  '',
  'Received request: topic=service/temperature/query, payload=query:Berlin',
  'Sent response to response/requester_client',
  'Correlation Data: <id>',
  '',
  'Shutting down...',
]

const withoutIds = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => line.replace(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/, '<id>'))

it(
  'prints all lines of the original requester and responder, and no others',
  { timeout: 120_000 },
  async () => {
    const broker = createBroker()
    const { port } = await broker.listen({ protocol: 'tcp' })
    const env = { BROKER_HOST: '127.0.0.1', BROKER_PORT: String(port) }
    const responder = startExampleProgram('02-temperature/responder.ts', env)
    onTestFinished(responder.kill)
    await responder.printed('Subscribed to request topic')
    const requester = startExampleProgram('02-temperature/requester.ts', env)
    onTestFinished(requester.kill)
    expect(withoutIds(await requester.ended())).toEqual(requesterLines)
    responder.interrupt()
    expect(withoutIds(await responder.ended())).toEqual(responderLines)
    await broker.close()
  },
)
