import { isUtf8 } from 'node:buffer'
import { AntiphonError } from '@antiphon/core'

/** Returns an entry of a log as one line of JSON: with the time, and with bytes as text or hexadecimal. */
export function toJsonLine(entry: { readonly type: string }, time: Date): string {
  return JSON.stringify(
    { time: time.toISOString(), ...entry },
    function (this: Record<string, unknown>, key, value: unknown) {
      // `value` is what `toJSON` of a Buffer returned.
      const original = this[key]
      if (original instanceof Uint8Array) return toReadable(original)
      if (original instanceof Error) {
        const { code, rawMessage } = AntiphonError.from(original)
        return { code, message: rawMessage }
      }
      return value
    },
  )
}

/** Returns bytes as text if they are UTF-8 without control characters, else as `{ hex }`. */
export function toReadable(bytes: Uint8Array): string | { readonly hex: string } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = isUtf8(buffer) ? buffer.toString() : undefined
  // eslint-disable-next-line no-control-regex -- control characters are what it looks for
  return text !== undefined && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text)
    ? text
    : { hex: buffer.toString('hex') }
}
