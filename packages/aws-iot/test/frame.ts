import type { OutgoingMessage } from '@antiphon/core'

export type WithPayload = Pick<OutgoingMessage, 'payload'>

export const frame = (fields: object): Uint8Array => new TextEncoder().encode(JSON.stringify(fields))

export const fieldsOf = ({ payload }: WithPayload): Readonly<Record<string, unknown>> =>
  JSON.parse(new TextDecoder().decode(payload)) as Readonly<Record<string, unknown>>
