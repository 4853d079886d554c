import type { Link, Message } from '@antiphon/core'
import { fromUtf8, isJsonObject, toUtf8 } from '@antiphon/core/codec'
import { map, merge, type Observable } from 'rxjs'
import type { JsonObject, ShadowDocument } from '../shadow/documents.js'
import type { ShadowName } from '../shadow/shadow.js'
import { Rejected } from './rejected.js'
import { ShadowService } from './shadow-service.js'

/** A request that a local service has handled. */
export interface HandledRequest {
  readonly topic: string
  /** The code of the rejection; absent if the request was accepted. */
  readonly rejected?: number | string
}

/** A stand-in of AWS IoT Core, for tests and for development without an account. */
export interface LocalService {
  /** Handles requests while it is subscribed to, and emits each of them. */
  readonly handled$: Observable<HandledRequest>
  /** Returns a shadow. */
  readonly shadow: (name: ShadowName) => ShadowDocument | undefined
}

/** The longest client token, in bytes. */
const MAX_TOKEN = 64

/** Creates a service on a link to a broker, real or virtual. Every client of the broker may use every thing. */
export function localService(link: Link): LocalService {
  const shadows = new ShadowService()
  const now = (): number => Math.floor(link.scheduler.now() / 1_000)
  const publish = (topic: string, document: object): void => {
    link.publish$({ topic, payload: toUtf8(JSON.stringify(document)), qos: 1 }).subscribe({
      // Without a connection, the response is lost, and its requester gets a timeout.
      error: () => undefined,
    })
  }
  const handle = (
    { topic, payload }: Message,
    run: (request: JsonObject, notify: (kind: string, document: object) => void) => object,
  ): HandledRequest => {
    let token: object = {}
    try {
      const request = toRequest(payload)
      token = tokenOf(request)
      const response = run(request, (kind, document) =>
        publish(`${topic}/${kind}`, { ...document, ...token }),
      )
      publish(`${topic}/accepted`, { timestamp: now(), ...response, ...token })
      return { topic }
    } catch (error) {
      if (!(error instanceof Rejected)) throw error
      const { code, message, fields } = error
      publish(`${topic}/rejected`, { code, message, ...fields, timestamp: now(), ...token })
      return { topic, rejected: code }
    }
  }
  const handleShadow = (message: Message): HandledRequest => {
    const [, , thing = '', , ...rest] = message.topic.split('/')
    const operation = rest.at(-1)
    const name = nameOf({ thing, shadow: rest.length === 1 ? undefined : rest[1] })
    return handle(message, (request, notify) => {
      if (operation === 'get') return shadows.get(name)
      return operation === 'update'
        ? shadows.update(name, request, now(), notify)
        : shadows.delete(name, now())
    })
  }
  const shadowTopics = ['get', 'update', 'delete'].flatMap((operation) =>
    ['shadow', 'shadow/name/+'].map((kind) => `$aws/things/+/${kind}/${operation}`),
  )
  return {
    handled$: merge(...shadowTopics.map((filter) => link.messages$(filter).pipe(map(handleShadow)))),
    shadow: (name) => {
      try {
        return shadows.get(nameOf(name))
      } catch {
        return undefined
      }
    },
  }
}

/** Returns the name of a shadow in the texts of AWS. */
function nameOf({ thing, shadow }: ShadowName): string {
  return shadow === undefined ? thing : `${thing}~${shadow}`
}

function toRequest(payload: Uint8Array): JsonObject {
  if (payload.length === 0) return {}
  let text: string
  try {
    text = fromUtf8(payload)
  } catch {
    throw new Rejected(415, 'Unsupported documented encoding; supported encoding is UTF-8')
  }
  try {
    const request = JSON.parse(text) as unknown
    if (isJsonObject(request)) return request
  } catch {
    // Falls through to the rejection.
  }
  throw new Rejected(400, 'Invalid JSON')
}

function tokenOf({ clientToken }: JsonObject): object {
  if (clientToken === undefined) return {}
  if (typeof clientToken !== 'string' || toUtf8(clientToken).length > MAX_TOKEN)
    throw new Rejected(400, 'Invalid clientToken')
  return { clientToken }
}
