import { userProperty, type OutgoingMessage } from '@antiphon/core'
import { OperationsError } from '@antiphon/azure-iot-operations'
import { fields, list, texts, type Fields } from './metl-case.js'
import type { MetlPeer } from './metl-world.js'

/** Throws unless two values are equal. */
export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected))
    throw new Error(`${what} is ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`)
}

/** Returns the key of a correlation; `undefined` if the message has no correlation. */
export function correlationKey(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('hex')
}

/** Checks an error against the `catch` of a case, or throws it if the case expects none. */
export function checkError(error: unknown, expected: unknown): void {
  if (!(error instanceof OperationsError)) throw error
  const found = fields(expected)
  if (Object.keys(found).length === 0) throw error
  expectEqual(error.kind, String(found['error-kind']).replaceAll(' ', '-'), 'the kind of the error')
  if (found['is-shallow'] !== undefined) expectEqual(error.isShallow, found['is-shallow'], 'is-shallow')
  if (found['is-remote'] !== undefined) expectEqual(error.isRemote, found['is-remote'], 'is-remote')
  if (found['message'] !== undefined) expectEqual(error.rawMessage, found['message'], 'the message')
  for (const [name, value] of Object.entries(fields(found['supplemental'])))
    expectEqual(supplementals[name]?.(error), value, name)
}

/** The texts of the details of an error, as cases have them. */
const supplementals: Readonly<Record<string, (error: OperationsError) => unknown>> = {
  'header-name': ({ headerName }) => headerName,
  'header-value': ({ headerValue }) => headerValue,
  'timeout-name': ({ timeoutName }) => timeoutName?.toLowerCase(),
  'timeout-value': ({ timeoutValue }) => timeoutValue && `PT${timeoutValue / 1_000}S`,
  'property-name': ({ propertyName }) => propertyName?.toLowerCase(),
  'property-value': ({ propertyValue }) => propertyValue,
  'command-name': ({ commandName }) => commandName,
  'protocol-version': ({ protocolVersion }) => protocolVersion,
  'supported-protocols': ({ supportedProtocolMajorVersions }) => supportedProtocolMajorVersions?.join(' '),
}

/** Checks a published message against the fields of a case. */
export function checkMessage(message: OutgoingMessage, expected: Fields): void {
  const { topic, payload, contentType, payloadFormatIndicator, messageExpiryInterval } = message
  const status = userProperty(message.userProperties, '__stat')
  const actual: Readonly<Record<string, unknown>> = {
    topic,
    payload: payload.length === 0 ? null : new TextDecoder().decode(payload),
    'content-type': contentType,
    'format-indicator': Number(payloadFormatIndicator ?? false),
    'source-id': userProperty(message.userProperties, '__srcId'),
    'command-status': status === undefined ? null : Number(status),
    'is-application-error': userProperty(message.userProperties, '__apErr') === 'true',
    expiry: messageExpiryInterval,
  }
  for (const [name, value] of Object.entries(actual))
    if (expected[name] !== undefined) expectEqual(value, normalised(name, expected[name]), name)
  for (const [name, value] of Object.entries(texts(expected['metadata'])))
    expectEqual(userProperty(message.userProperties, name) ?? null, value, `metadata ${name}`)
}

/** Some cases write booleans as text. */
function normalised(name: string, value: unknown): unknown {
  return name === 'is-application-error' ? String(value) === 'true' : value
}

/** Checks what an epilogue says of subscriptions, publications and acknowledgements. */
export function checkPeer(
  { subscribed, published, acknowledged }: MetlPeer,
  epilogue: Fields,
  findPublished: (expected: Fields, index: number) => OutgoingMessage | undefined,
): void {
  for (const topic of list(epilogue['subscribed-topics']))
    if (!subscribed.has(String(topic)))
      throw new Error(`there is no subscription to ${String(topic)}, only to ${[...subscribed].join(', ')}`)
  const { 'publication-count': publications, 'acknowledgement-count': acknowledgements } = epilogue
  if (publications !== undefined) expectEqual(published.length, publications, 'publication-count')
  list(epilogue['published-messages']).forEach((each, index) => {
    const expected = fields(each)
    const message = findPublished(expected, index)
    if (message === undefined) throw new Error(`message ${index} of the epilogue has not been published`)
    checkMessage(message, expected)
  })
  if (acknowledgements !== undefined)
    expectEqual(acknowledged.length, acknowledgements, 'acknowledgement-count')
}
