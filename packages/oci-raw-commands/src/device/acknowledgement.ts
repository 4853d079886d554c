import { toUtf8 } from '@antiphon/core/codec'

/** Returns the response of the original demo to any command, byte for byte; `time` is in milliseconds. */
export function acknowledgement(time: number): Uint8Array {
  return toUtf8(`{"status": "acknowledged", "time": ${time}}`)
}

/** Returns the response to a command that its handler could not decode, or failed on. */
export function failure(message: string): Uint8Array {
  return toUtf8(JSON.stringify({ status: 'failed', error: message }))
}
