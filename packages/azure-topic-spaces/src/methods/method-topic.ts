import { userProperty, type MessageProperties, type UserProperties } from '@antiphon/core'

/** A message of a direct method. The hub puts into the last topic level what MQTT 5 puts into user properties. */
interface MethodMessage extends Pick<MessageProperties, 'userProperties'> {
  readonly topic: string
}

/** The prefix of all method topics at the hub. */
const hubPrefix = '$az/iot/'
const plain = /^methods\/([^/]+)\/(response\/)?([^/]+)$/
const wire = /^\$az\/iot\/methods\/([^/]+)\/(response\/)?\?(.+)$/

/** The maximum length of a request id, in bytes. */
const maxRidBytes = 32

/** Converts a filter without prefix to the hub's filter. */
export function toWireFilter(filter: string): string {
  return hubPrefix + filter
}

/** Converts `methods/<name>/<rid>` and user properties to `$az/iot/methods/<name>/?rid=<rid>&<property>=…`. */
export function toWire<M extends MethodMessage>(message: M): M {
  const [, name, response = '', rid] = plain.exec(message.topic) ?? []
  if (name === undefined || rid === undefined) return message
  const { userProperties, ...rest } = message
  const bag = response === '' ? (userProperties ?? []) : ([['rc', statusOf(userProperties)]] as const)
  const properties = bag
    .map(([key, value]) => `&${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
    .join('')
  return { ...rest, topic: `${hubPrefix}methods/${name}/${response}?rid=${rid}${properties}` } as M
}

/** Converts a hub topic to a plain one. A topic that is not of a method, or has an invalid id, stays unchanged. */
export function toPlain<M extends MethodMessage>(message: M): M {
  const [, name, response = '', bag = ''] = wire.exec(message.topic) ?? []
  const pairs = readBag(bag)
  const rid = pairs?.find(([key]) => key === 'rid')?.[1] ?? ''
  const isValidRid = rid !== '' && new TextEncoder().encode(rid).length <= maxRidBytes
  if (name === undefined || pairs === undefined || !isValidRid) return message
  const others = pairs.filter(([key]) => key !== 'rid')
  const userProperties = response === '' ? others : others.map(fromStatus)
  return { ...message, topic: `methods/${name}/${response}${encodeURIComponent(rid)}`, userProperties }
}

/** Returns the status of a method: the application error code if it has three digits, otherwise the response status. */
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
