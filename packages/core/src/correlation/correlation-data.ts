import { parse } from 'uuid'
import type { Correlation } from './correlation.js'
import { fromBytes, toBytes } from './token.js'

/** How `correlationData` writes its tokens. */
export interface CorrelationDataOptions {
  /**
   * `text`: the UUID as 36 characters, which every peer survives; `bytes`: the same UUID as its 16 bytes.
   * @defaultValue 'text'
   */
  readonly format?: 'text' | 'bytes'
}

const AS_TEXT = strategy((id) => id)
const AS_BYTES = strategy((id) => fromBytes(parse(id)))

/**
 * Response Topic and Correlation Data, the way of MQTT 5 and the default: the responder sends the token back as it came.
 */
export function correlationData({ format = 'text' }: CorrelationDataOptions = {}): Correlation {
  return format === 'text' ? AS_TEXT : AS_BYTES
}

const asItIs = (response: unknown): unknown => response

function strategy(toToken: (id: string) => string): Correlation {
  return {
    name: 'correlationData',
    readsPayload: false,
    isOrdered: false,
    correlate: ({ id, responseTopic, value }) => {
      const token = toToken(id)
      return { token, value, properties: { responseTopic, correlationData: toBytes(token) } }
    },
    tokenOf: ({ message }) => message.correlationData && fromBytes(message.correlationData),
    readRequest: ({ message: { responseTopic, correlationData: token } }) => ({
      responseTopic,
      token: token && fromBytes(token),
      addToken: asItIs,
      properties: token === undefined ? {} : { correlationData: token },
    }),
  }
}

/** A token as people read it: text as it is, 16 bytes as the UUID they are, other bytes in hexadecimal. */
export function formatToken(token: string): string {
  if (!/[^\x20-\x7e]/.test(token) || /[^\0-\xff]/.test(token)) return token
  const digits = Array.from(toBytes(token), (byte) => byte.toString(16).padStart(2, '0')).join('')
  return token.length === 16 ? digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : digits
}
