import { toUtf8 } from '@antiphon/core/codec'

/** What the device of the demo answers to any command, byte for byte; `time` is in milliseconds. */
export function acknowledgement(time: number): Uint8Array {
  return toUtf8(`{"status": "acknowledged", "time": ${time}}`)
}

/** What a command is answered with that its handler could not read, or failed on. */
export function failure(message: string): Uint8Array {
  return toUtf8(JSON.stringify({ status: 'failed', error: message }))
}
