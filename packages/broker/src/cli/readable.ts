import { isUtf8 } from 'node:buffer'
import { AntiphonError } from '@antiphon/core'

/**
 * Returns a value for a log, as JSON has it: bytes as text if they are UTF-8 without control characters, else as `{ hex }`;
 * errors with code and message.
 */
export function readable(value: object): unknown {
  const text = JSON.stringify(value, function (this: Record<string, unknown>, key, item: unknown) {
    // `item` is what `toJSON` of a Buffer returned.
    const original = this[key]
    if (original instanceof Uint8Array) return toReadableBytes(original)
    if (original instanceof Error) {
      const { code, rawMessage } = AntiphonError.from(original)
      return { code, message: rawMessage }
    }
    return item
  })
  return JSON.parse(text) as unknown
}

function toReadableBytes(bytes: Uint8Array): string | { readonly hex: string } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = isUtf8(buffer) ? buffer.toString() : undefined
  // eslint-disable-next-line no-control-regex -- control characters are what it looks for
  return text !== undefined && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text)
    ? text
    : { hex: buffer.toString('hex') }
}
