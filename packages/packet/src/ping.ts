import type { ByteWriter } from './byte-writer.js'
import type { Cursor } from './cursor.js'
import { malformed } from './packet-error.js'
import { PacketType } from './packet-type.js'

/** Appends a PINGREQ. */
export function writePingRequest(to: ByteWriter): void {
  to.byte(PacketType.pingreq)
  to.byte(0)
}

/** Checks the body of a PINGRESP, which is empty. */
export function checkPingResponse(cursor: Cursor): void {
  if (cursor.rest > 0) throw malformed('PINGRESP has a body')
}
