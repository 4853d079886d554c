import type { Endpoint } from '@antiphon/core'
import { createEndpoint, valueOf } from '../endpoint/create-endpoint.js'
import type { RequestFlags } from '../flags/request-flags.js'
import { compileTemplate } from '../payload/template.js'
import { usageError } from '../usage-error.js'
import type { NumberedRequest } from './exchange.js'
import { textOf, toPayloads } from './sources.js'

/** Creates the request with a number from 1, from what the user wrote for it. */
export type ToRequest = (source: string | Uint8Array, number: number) => Promise<NumberedRequest>

/**
 * Returns what creates the requests of a command: to a topic, or with `--contract` to an endpoint by its name, whose codec
 * validates the value. `text` is the payload of all requests, if they have the same.
 */
export async function toRequests(
  name: string,
  text: string | undefined,
  flags: RequestFlags,
): Promise<ToRequest> {
  if (flags.contract !== undefined) return byContract(flags.contract, name, flags)
  if (flags.complete === true) throw usageError('--complete needs --contract, whose schema it reads')
  const toPayload = toPayloads(name, text, flags)
  return async (source, number) => {
    const { bytes, contentType } = await toPayload(number, source)
    const endpoint = await createEndpoint({
      topic: name,
      contentType,
      isStream: flags.stream === true,
      flags,
    })
    return { number, endpoint, value: valueOf(endpoint, bytes) }
  }
}

async function byContract(file: string, name: string, flags: RequestFlags): Promise<ToRequest> {
  const given = (['contentType', 'correlation', 'dialect', 'stream'] as const).find(
    (each) => flags[each] !== undefined,
  )
  if (given !== undefined)
    throw usageError(`--contract says what --${given.replace('T', '-t')} would: leave that out`)
  // Loads the reader of documents, which other requests do not need.
  const { contractEndpoint, contractValue } = await import('../endpoint/contract-endpoint.js')
  const endpoint: Endpoint = await contractEndpoint(file, name)
  const options = { complete: flags.complete === true, format: flags.in ?? 'auto' }
  return async (source, number) => {
    const filled =
      flags.template === true
        ? compileTemplate(textOf(source))({ count: number, topic: endpoint.topic.template })
        : source
    return { number, endpoint, value: await contractValue(endpoint, filled, options) }
  }
}
