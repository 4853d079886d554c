import type { ReceivedRequest, ResponseWithMessage } from '@antiphon/core'
import { toUtf8 } from '@antiphon/core/codec'
import { parseData, toJson } from '../payload/formats.js'
import type { Payload } from '../payload/payload.js'
import type { CommandEndpoint, Framing } from './command-endpoint.js'

const JSON_TYPE = 'application/json'

/** The parts of a request that say what to respond. */
export type RequestToRespond = Pick<ReceivedRequest, 'message' | 'params' | 'signal'>

/** Returns the responses in a response of an endpoint: itself, or what its frame contains. */
export function responsesIn(
  { framing }: CommandEndpoint,
  response: ResponseWithMessage<unknown>,
): readonly ResponseWithMessage<unknown>[] {
  if (framing === undefined) return [response]
  return framing.valuesOf(response.value).map((value) => ({
    value,
    message: { ...response.message, ...payloadOf(value) },
  }))
}

/** Returns a request whose payload is the value in its frame. */
export function withoutFrame(request: ReceivedRequest, { dataOf }: Framing): RequestToRespond {
  const { message, params, value } = request
  return {
    message: { ...message, ...payloadOf(dataOf(value)) },
    params,
    // Reading the signal creates it.
    get signal() {
      return request.signal
    },
  }
}

/** Returns the payloads of the responses with these values. */
export async function toFramed(
  values: readonly Payload[],
  { toResponses }: Framing,
  isStream: boolean,
): Promise<readonly Payload[]> {
  const frames = await toResponses(
    values.map(({ bytes }) => parseData(bytes)),
    isStream,
  )
  return frames.map((frame) => ({ bytes: toUtf8(toJson(frame)), contentType: JSON_TYPE }))
}

function payloadOf(value: unknown): { readonly payload: Uint8Array; readonly contentType: string } {
  return { payload: value === undefined ? new Uint8Array() : toUtf8(toJson(value)), contentType: JSON_TYPE }
}
