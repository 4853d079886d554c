import { userProperty, type MessageProperties, type UserProperties } from '@antiphon/core'

/** What a message and its topic say of a method: what MQTT 5 would put into properties stands in the last level. */
interface Spoken extends Pick<MessageProperties, 'userProperties'> {
  readonly topic: string
}

/** What stands before every topic of a method. */
const tree = '$az/iot/'
const plain = /^methods\/([^/]+)\/(response\/)?([^/]+)$/
const wire = /^\$az\/iot\/methods\/([^/]+)\/(response\/)?\?(.+)$/

/** The most bytes of a request's id. */
const ridBytes = 32

/** The filter under which a hub knows a plain one. */
export function toWireFilter(filter: string): string {
  return tree + filter
}

/** `methods/<name>/<rid>` with properties as the hub has it: `$az/iot/methods/<name>/?rid=<rid>&<property>=…`. */
export function toWire<M extends Spoken>(message: M): M {
  const [, name, response = '', rid] = plain.exec(message.topic) ?? []
  if (name === undefined || rid === undefined) return message
  const { userProperties, ...rest } = message
  const bag = response === '' ? (userProperties ?? []) : ([['rc', statusOf(userProperties)]] as const)
  const said = bag.map(([key, value]) => `&${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join('')
  return { ...rest, topic: `${tree}methods/${name}/${response}?rid=${rid}${said}` } as M
}

/** A topic of the hub the other way round; one that tells of no method, or of an unfit id, is left as it is. */
export function toPlain<M extends Spoken>(message: M): M {
  const [, name, response = '', bag = ''] = wire.exec(message.topic) ?? []
  const pairs = readBag(bag)
  const rid = pairs?.find(([key]) => key === 'rid')?.[1] ?? ''
  const isFit = rid !== '' && new TextEncoder().encode(rid).length <= ridBytes
  if (name === undefined || pairs === undefined || !isFit) return message
  const others = pairs.filter(([key]) => key !== 'rid')
  const userProperties = response === '' ? others : others.map(fromStatus)
  return { ...message, topic: `methods/${name}/${response}${encodeURIComponent(rid)}`, userProperties }
}

/** An application's own code is the method's status where it is a number. */
function statusOf(properties: UserProperties | undefined): string {
  const code = userProperty(properties, 'AppErrCode')
  return code !== undefined && /^\d{3}$/.test(code) ? code : (userProperty(properties, '__stat') ?? '200')
}

function fromStatus([key, value]: UserProperties[number]): UserProperties[number] {
  return key === 'rc' ? ['__stat', value] : [key, value]
}

function readBag(bag: string): UserProperties | undefined {
  try {
    return bag.split('&').map((pair) => {
      const at = pair.indexOf('=')
      const [key, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
      return [decodeURIComponent(key), decodeURIComponent(value)] as const
    })
  } catch {
    return undefined
  }
}
