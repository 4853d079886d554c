import type { Message } from '@antiphon/core'
import type { PayloadFields } from './records.js'
import type { FormatName } from '../format-names.js'
import { decodePayload, type DecodedPayload } from '../payload/formats.js'

/** Decodes the payload of a message that is only shown; one that is not of the format is shown as it is. */
export function decodeLeniently(
  { payload, contentType }: Pick<Message, 'contentType' | 'payload'>,
  format: FormatName = 'auto',
): Promise<DecodedPayload> {
  return decodePayload(payload, contentType, format).catch(() => decodePayload(payload, contentType, 'auto'))
}

/** Returns the payload of a message as a record has it. */
export async function payloadFields(message: Message, format?: FormatName): Promise<PayloadFields> {
  const { contentType, userProperties = [] } = message
  const { shown: _, ...decoded } = await decodeLeniently(message, format)
  return { ...decoded, ...(contentType !== undefined && { contentType }), userProperties }
}
