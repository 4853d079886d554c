import { ApplicationError, withProperties, type ResponseWithProperties } from '@antiphon/core'
import { readFile } from 'node:fs/promises'
import type { RequestToRespond } from '../dialects/framing.js'
import type { ServeFlags } from '../flags/serve-flags.js'
import { decodePayload, encodePayload, parseData } from '../payload/formats.js'
import type { Payload } from '../payload/payload.js'
import { compileTemplate } from '../payload/template.js'
import { usageError } from '../usage-error.js'

/** Returns the payloads to respond with to the request number `count`. */
export type Respond = (request: RequestToRespond, count: number) => Promise<readonly Payload[]>

const sources = ['respond', 'respondFile', 'template', 'echo', 'exec', 'fail'] as const

/** Returns what responds to requests, by the options of the command. Throws if the options name nothing, or too much. */
export async function toRespond(flags: ServeFlags): Promise<Respond> {
  const given = sources.filter((name) => flags[name] !== undefined)
  if (given.length === 0)
    throw usageError('serve does not know what to respond: set --respond, --template, --echo or --exec')
  if (given.length > 1)
    throw usageError(`${given.map(optionOf).join(' and ')} exclude each other: set one of them`)
  const { respond, respondFile, template, exec, fail, in: format = 'auto' } = flags
  if (fail !== undefined) return () => Promise.reject(new ApplicationError({ code: fail }))
  if (exec !== undefined) return (await import('./by-command.js')).byCommand(exec, flags)
  if (template !== undefined) return byTemplate(template, flags)
  if (respondFile !== undefined) return fixed([await encodePayload(await readResponse(respondFile), format)])
  if (respond === undefined) return echo
  if (respond.length > 1 && flags.stream !== true)
    throw usageError(`--respond is set ${respond.length} times: one request has one response; add --stream`)
  return fixed(await Promise.all(respond.map((text) => encodePayload(text, format))))
}

/** Returns the responses as the handler sends them, with their Content Type and User Properties. */
export function toResponse(
  { bytes, contentType }: Payload,
  sendsData: boolean,
  flags: Pick<ServeFlags, 'contentType' | 'property'>,
): ResponseWithProperties<unknown> {
  return withProperties(sendsData ? parseData(bytes) : bytes, {
    contentType: flags.contentType ?? contentType,
    ...(flags.property !== undefined && { userProperties: flags.property }),
  })
}

const echo: Respond = ({ message: { payload, contentType } }) =>
  Promise.resolve([{ bytes: payload, contentType: contentType ?? 'application/octet-stream' }])

function fixed(payloads: readonly Payload[]): Respond {
  return () => Promise.resolve(payloads)
}

function byTemplate(text: string, { in: format = 'auto', out = 'auto' }: ServeFlags): Respond {
  const template = compileTemplate(text)
  return async ({ message, params }, count) => {
    const { topic, payload, contentType, userProperties = [] } = message
    const { value } = await decodePayload(payload, contentType, out)
    const filled = template({
      count,
      topic,
      params: params as Readonly<Record<string, string>>,
      properties: userProperties,
      payload: new TextDecoder().decode(payload),
      value,
    })
    return [await encodePayload(filled, format)]
  }
}

async function readResponse(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (error) {
    throw usageError(`cannot read --respond-file ${file}: ${(error as Error).message.replace(/, .*$/, '')}`)
  }
}

function optionOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}
