import { invalidArgument, quoted } from '@antiphon/core/link'

/** A device and how to reach its hub, as a connection string says it. */
export interface ConnectionString {
  readonly hostName: string
  readonly deviceId: string
  /** Base64. Absent for a device that shows a certificate. */
  readonly sharedAccessKey?: string
  readonly moduleId?: string
  /** Where to connect to instead of the host. */
  readonly gatewayHostName?: string
}

const known = ['HostName', 'DeviceId', 'SharedAccessKey', 'ModuleId', 'GatewayHostName', 'x509'] as const
type Field = (typeof known)[number]

/**
 * Reads `HostName=…;DeviceId=…;SharedAccessKey=…`, with `ModuleId` and `GatewayHostName` where there are any, or
 * `x509=true` in place of the key.
 *
 * Throws `invalid-argument` naming the field that is unknown, missing, repeated or unfit; never a value of a key.
 */
export function parseConnectionString(text: string): ConnectionString {
  const fields = new Map<Field, string>()
  for (const part of text.split(';')) {
    if (part === '') continue
    const [name, value] = splitField(part)
    if (fields.has(name)) throw wrong(`the field ${name} stands twice`)
    fields.set(name, value)
  }
  const required = (name: Field): string => {
    const value = fields.get(name)
    if (value === undefined) throw wrong(`the field ${name} is missing`)
    return value
  }
  const hostName = required('HostName')
  const deviceId = required('DeviceId')
  const x509 = fields.get('x509')
  if (x509 !== undefined && x509 !== 'true') throw wrong('the field x509 must be true where it stands')
  if (x509 !== undefined && fields.has('SharedAccessKey'))
    throw wrong('the fields x509 and SharedAccessKey exclude each other')
  const key = x509 === undefined ? required('SharedAccessKey') : undefined
  if (key !== undefined && !isBase64(key)) throw wrong('the field SharedAccessKey is not base64')
  const moduleId = fields.get('ModuleId')
  const gatewayHostName = fields.get('GatewayHostName')
  return {
    hostName,
    deviceId,
    ...(key !== undefined && { sharedAccessKey: key }),
    ...(moduleId !== undefined && { moduleId }),
    ...(gatewayHostName !== undefined && { gatewayHostName }),
  }
}

/** The connection string of a device. */
export function formatConnectionString(device: ConnectionString): string {
  const { hostName, deviceId, sharedAccessKey, moduleId, gatewayHostName } = device
  const fields: readonly (readonly [Field, string | undefined])[] = [
    ['HostName', hostName],
    ['DeviceId', deviceId],
    ['ModuleId', moduleId],
    ['GatewayHostName', gatewayHostName],
    sharedAccessKey === undefined ? ['x509', 'true'] : ['SharedAccessKey', sharedAccessKey],
  ]
  return fields
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`)
    .join(';')
}

/** The client id a device connects under: `DeviceId`, or `DeviceId/ModuleId`. */
export function clientIdOf({ deviceId, moduleId }: Pick<ConnectionString, 'deviceId' | 'moduleId'>): string {
  return moduleId === undefined ? deviceId : `${deviceId}/${moduleId}`
}

/** Whether a text is base64 with its padding, and of something. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text)
}

function splitField(part: string): [name: Field, value: string] {
  const at = part.indexOf('=')
  const name = part.slice(0, at)
  const value = part.slice(at + 1)
  const field = known.find((each) => each === name)
  if (field === undefined) {
    // What does not look like a field may be a piece of the key, its padding taken for `=`: it is not shown.
    if (!/^[A-Za-z]\w{0,23}$/.test(name) || /^=?$/.test(value))
      throw wrong('a part is not of the form Field=Value')
    throw wrong(`the field ${quoted(name)} is unknown: use ${known.join(', ')}`)
  }
  if (value === '') throw wrong(`the field ${name} is empty`)
  return [field, value]
}

function wrong(why: string): Error {
  return invalidArgument(`connection string: ${why}`)
}
