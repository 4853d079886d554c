import { command, executeCommand$, type ReceivedCommand } from '@antiphon/azure-iot-operations'
import { bytes, userProperty, withProperties, type Link, type ResponseWithProperties } from '@antiphon/core'
import { applicationClock } from '@antiphon/core/clock'
import { timer, type Subscription } from 'rxjs'
import { decodeResp3, encodeResp3 } from '../../src/state-store/resp3.js'

const SERVICE = 'FA9AE35F-2F64-47CD-9BFF-08E2B32A0FE8'

const invoke = command({
  name: 'state store',
  requestTopicPattern: `statestore/v1/${SERVICE}/command/invoke`,
  request: bytes,
  response: bytes,
  // The store dates the response with the version of the key.
  reservedProperties: ['__ft', '__ts'],
})

/** A key of the stand-in. */
interface Entry {
  readonly value: Uint8Array
  readonly version: string
  readonly expiry: Subscription | undefined
}

/** A local stand-in of the state store, on a link to a broker. */
export interface StateStoreStandIn {
  readonly keys: ReadonlyMap<string, Uint8Array>
  /** The registrations for notifications: client identifier and key. */
  readonly registrations: Set<string>
  /** Makes the next response be this payload. */
  respondWith: Uint8Array | undefined
  /** The number of `KEYNOTIFY` requests that begin a registration. */
  readonly registered: () => number
}

const text = (part: Uint8Array | undefined): string => new TextDecoder().decode(part)
const hex = (part: string): string => Buffer.from(part).toString('hex').toUpperCase()

/** Starts a stand-in; `onSubscribed` is called when it receives requests. */
export function startStandIn(link: Link, onSubscribed: () => void): StateStoreStandIn {
  const clock = applicationClock(link.scheduler)
  const entries = new Map<string, Entry>()
  const registrations = new Set<string>()
  const fences = new Map<string, string>()
  let registered = 0

  const notify = (key: string, payload: Uint8Array, version: string): void => {
    for (const registration of registrations) {
      const [client = '', ...rest] = registration.split(' ')
      if (rest.join(' ') !== key) continue
      link
        .publish$({
          topic: `clients/statestore/v1/${SERVICE}/${hex(client)}/command/notify/${hex(key)}`,
          payload,
          userProperties: [
            ['__ts', version],
            ['__protVer', '1.0'],
          ],
        })
        .subscribe()
    }
  }

  const remove = (key: string): void => {
    entries.get(key)?.expiry?.unsubscribe()
    entries.delete(key)
    notify(key, encodeResp3(['NOTIFY', 'DELETE']), clock.stamp())
  }

  const set = (key: string, value: Uint8Array, options: readonly string[], version: string): Uint8Array => {
    const existing = entries.get(key)
    const isEqual = existing !== undefined && Buffer.from(existing.value).equals(value)
    if (existing !== undefined && options.includes('NX')) return line(':-1')
    if (existing !== undefined && options.includes('NEX') && !isEqual) return line('$-1')
    existing?.expiry?.unsubscribe()
    const milliseconds = Number(options[options.indexOf('PX') + 1])
    const expiry = options.includes('PX')
      ? timer(milliseconds, link.scheduler).subscribe(() => remove(key))
      : undefined
    entries.set(key, { value, version, expiry })
    notify(key, encodeResp3(['NOTIFY', 'SET', 'VALUE', value]), version)
    return line('+OK')
  }

  const execute = (request: ReceivedCommand<Uint8Array>): readonly [payload: Uint8Array, version: string] => {
    const parsed = decodeResp3(request.value)
    const [operation, keyBytes, valueBytes = new Uint8Array(), ...more] =
      parsed?.type === 'array' ? parsed.items : []
    const key = text(keyBytes)
    const version = clock.stamp()
    const existing = entries.get(key)
    const fence = userProperty(request.message.userProperties, '__ft')
    if (fence !== undefined && fence < (fences.get(key) ?? ''))
      return [line('-ERR the fencing token is too old'), version]
    if (fence !== undefined) fences.set(key, fence)
    switch (text(operation)) {
      case 'GET':
        return existing === undefined ? [line('$-1'), version] : [blob(existing.value), existing.version]
      case 'SET':
        return [set(key, valueBytes, more.map(text), version), version]
      case 'DEL':
      case 'VDEL': {
        const isOther = text(operation) === 'VDEL' && !Buffer.from(existing?.value ?? []).equals(valueBytes)
        if (existing === undefined || isOther) return [line(existing === undefined ? ':0' : ':-1'), version]
        remove(key)
        return [line(':1'), version]
      }
      case 'KEYNOTIFY': {
        const registration = `${request.sourceId ?? ''} ${key}`
        if (text(valueBytes) === 'STOP') registrations.delete(registration)
        else {
          registered++
          registrations.add(registration)
        }
        return [line('+OK'), version]
      }
      default:
        return [line('-ERR unknown command'), version]
    }
  }

  const standIn: StateStoreStandIn = {
    get keys() {
      return new Map(Array.from(entries, ([key, { value }]) => [key, value]))
    },
    registrations,
    respondWith: undefined,
    registered: () => registered,
  }
  executeCommand$(
    link,
    invoke,
    (request): ResponseWithProperties<Uint8Array> => {
      const [payload, version] = execute(request)
      const forced = standIn.respondWith
      standIn.respondWith = undefined
      return withProperties(forced ?? payload, { userProperties: [['__ts', version]] })
    },
    { onSubscribed },
  ).subscribe()
  return standIn
}

function line(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\r\n`)
}

function blob(value: Uint8Array): Uint8Array {
  return Buffer.concat([line(`$${value.length}`), value, line('')])
}
