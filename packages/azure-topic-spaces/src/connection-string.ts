import { invalidArgument, quoted } from '@antiphon/core/link'

/** The contents of a connection string: a device and its hub. */
export interface ConnectionString {
  readonly hostName: string
  readonly deviceId: string
  /** The key of the device, base64. Absent for a device that authenticates with a certificate. */
  readonly sharedAccessKey?: string
  /** The access policy whose key `sharedAccessKey` is. Absent if it is the device's own. */
  readonly sharedAccessKeyName?: string
  readonly moduleId?: string
  /** The host to connect to in place of `hostName`. */
  readonly gatewayHostName?: string
}

const fieldNames = [
  'HostName',
  'DeviceId',
  'SharedAccessKeyName',
  'SharedAccessKey',
  'ModuleId',
  'GatewayHostName',
  'x509',
] as const
type Field = (typeof fieldNames)[number]

/**
 * Parses `HostName=…;DeviceId=…;SharedAccessKey=…`, with optional `ModuleId`, `GatewayHostName` and `SharedAccessKeyName`, or
 * `x509=true` in place of the key. White space around the text is ignored.
 *
 * Throws `invalid-argument` with the name of the field that is unknown, missing, repeated or invalid. The error never
 * contains a key.
 */
export function parseConnectionString(text: string): ConnectionString {
  const fields = new Map<Field, string>()
  for (const part of text.trim().split(';')) {
    if (part === '') continue
    const [name, value] = splitField(part)
    if (fields.has(name)) throw invalidConnectionString(`the field ${name} is repeated: it must occur once`)
    fields.set(name, value)
  }
  const required = (name: Field): string => {
    const value = fields.get(name)
    if (value === undefined) throw invalidConnectionString(`the field ${name} is missing: add ${name}=…`)
    return value
  }
  const hostName = required('HostName')
  const deviceId = required('DeviceId')
  const x509 = fields.get('x509')
  if (x509 !== undefined && x509 !== 'true')
    throw invalidConnectionString(`the field x509 is ${quoted(x509)}: it must be true, or left out`)
  if (x509 !== undefined && fields.has('SharedAccessKey'))
    throw invalidConnectionString('the fields x509 and SharedAccessKey exclude each other: leave one out')
  const key = x509 === undefined ? required('SharedAccessKey') : undefined
  if (key !== undefined && !isBase64(key))
    throw invalidConnectionString('the field SharedAccessKey is not base64')
  const moduleId = fields.get('ModuleId')
  const gatewayHostName = fields.get('GatewayHostName')
  const sharedAccessKeyName = fields.get('SharedAccessKeyName')
  if (sharedAccessKeyName !== undefined && key === undefined)
    throw invalidConnectionString('the field SharedAccessKeyName needs a SharedAccessKey: add it')
  return {
    hostName,
    deviceId,
    ...(key !== undefined && { sharedAccessKey: key }),
    ...(sharedAccessKeyName !== undefined && { sharedAccessKeyName }),
    ...(moduleId !== undefined && { moduleId }),
    ...(gatewayHostName !== undefined && { gatewayHostName }),
  }
}

/** Formats the connection string of a device. */
export function formatConnectionString(device: ConnectionString): string {
  const { hostName, deviceId, sharedAccessKeyName, sharedAccessKey, moduleId, gatewayHostName } = device
  const fields: readonly (readonly [Field, string | undefined])[] = [
    ['HostName', hostName],
    ['DeviceId', deviceId],
    ['ModuleId', moduleId],
    ['GatewayHostName', gatewayHostName],
    ['SharedAccessKeyName', sharedAccessKeyName],
    sharedAccessKey === undefined ? ['x509', 'true'] : ['SharedAccessKey', sharedAccessKey],
  ]
  return fields
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`)
    .join(';')
}

/** Returns the client identifier of a device: `DeviceId`, or `DeviceId/ModuleId`. */
export function clientIdOf({ deviceId, moduleId }: Pick<ConnectionString, 'deviceId' | 'moduleId'>): string {
  return moduleId === undefined ? deviceId : `${deviceId}/${moduleId}`
}

/** Whether a text is non-empty base64 with padding. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text)
}

function splitField(part: string): [name: Field, value: string] {
  const at = part.indexOf('=')
  const name = part.slice(0, at)
  const value = part.slice(at + 1)
  const field = fieldNames.find((fieldName) => fieldName === name)
  if (field === undefined) {
    // Text that does not look like a field may be part of the key, whose padding contains `=`: the error does not show it.
    if (!/^[A-Za-z]\w{0,23}$/.test(name) || /^=?$/.test(value))
      throw invalidConnectionString('a part is not of the form Field=Value; separate fields with ;')
    throw invalidConnectionString(`the field ${quoted(name)} is unknown: use ${fieldNames.join(', ')}`)
  }
  if (value === '') throw invalidConnectionString(`the field ${name} is empty`)
  return [field, value]
}

function invalidConnectionString(why: string): Error {
  return invalidArgument(`invalid connection string: ${why}`)
}
