import { parse } from 'uuid'
import { requireArgument } from '../argument.js'
import type { OptionRules } from '../option-rules.js'
import type { Correlation } from './correlation.js'
import { fromBytes, toBytes } from './token.js'

/** Options of `correlationData`. */
export interface CorrelationDataOptions {
  /**
   * The format of the UUID: `text`, 36 characters, which every peer can handle; or `bytes`, its 16 bytes.
   * @defaultValue 'text'
   */
  readonly format?: 'text' | 'bytes'
}

const correlationDataOptionRules: OptionRules<CorrelationDataOptions> = { format: ['text', 'bytes'] }

/**
 * Creates a correlation by the MQTT 5 properties Response Topic and Correlation Data, the default. The responder copies the
 * Correlation Data of the request into its response.
 */
export function correlationData(options: CorrelationDataOptions = {}): Correlation {
  requireArgument('options', options, correlationDataOptionRules)
  return options.format === 'bytes' ? AS_BYTES : AS_TEXT
}

/** One function for both formats, so that their requests share an index. */
const tokenOf: Correlation['tokenOf'] = ({ message }) =>
  message.correlationData && fromBytes(message.correlationData)

const unchanged = (response: unknown): unknown => response

function withToken(toToken: (id: string) => string): Correlation {
  return {
    name: 'correlationData',
    readsPayload: false,
    isOrdered: false,
    correlate: ({ id, responseTopic, value }) => {
      const token = toToken(String(id))
      return { token, value, properties: { responseTopic, correlationData: toBytes(token) } }
    },
    isMqtt5Only: true,
    tokenOf,
    readRequest: ({ message: { responseTopic, correlationData: token } }) => ({
      responseTopic,
      token: token && fromBytes(token),
      addToken: unchanged,
      properties: token === undefined ? {} : { correlationData: token },
    }),
  }
}

const AS_TEXT = withToken((id) => id)
const AS_BYTES = withToken((id) => fromBytes(parse(id)))

/** Formats a token for people: text unchanged, 16 bytes as a UUID, other bytes in hexadecimal. */
export function formatToken(token: string): string {
  if (!/[^\x20-\x7e]/.test(token) || /[^\0-\xff]/.test(token)) return token
  let text = ''
  for (let at = 0; at < token.length; at++) {
    const isGroupStart = token.length === 16 && (at === 4 || at === 6 || at === 8 || at === 10)
    text += (isGroupStart ? '-' : '') + (DIGITS[token.charCodeAt(at)] ?? '')
  }
  return text
}

/** Two hexadecimal digits for each byte. Events format three tokens per request. */
const DIGITS: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
