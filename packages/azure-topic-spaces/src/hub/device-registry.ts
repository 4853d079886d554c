import { invalidArgument, quoted } from '@antiphon/core/link'
import { randomBytes } from 'node:crypto'
import { isBase64, type ConnectionString } from '../connection-string.js'

/** A device the hub knows. */
export interface Device {
  readonly deviceId: string
  /** Base64; a device may sign with either, so that one can be changed at a time. Empty for one with a certificate. */
  readonly keys: readonly string[]
  readonly isEnabled: boolean
}

/** What is said of a new device. */
export interface NewDevice {
  /** Two keys, base64. @defaultValue made up */
  readonly keys?: readonly [primary: string, secondary: string]
  /** `x509`: it shows a certificate whose common name is its id. @defaultValue 'sas' */
  readonly method?: 'sas' | 'x509'
}

/** The devices of a hub, by id. */
export interface DeviceRegistry {
  /** Throws `invalid-argument` when the id or a key is unfit, or the device is there already. */
  readonly create: (deviceId: string, device?: NewDevice) => Device
  readonly get: (deviceId: string) => Device | undefined
  readonly list: () => readonly Device[]
  /** Lets a device in no more, or again. One that is connected has to go. */
  readonly enable: (deviceId: string, isEnabled: boolean) => void
  readonly delete: (deviceId: string) => void
  /** Has these devices and no others from now on. */
  readonly load: (devices: readonly Device[]) => void
  /** What to give the device as `CS_…`. */
  readonly connectionString: (deviceId: string) => ConnectionString
}

/** Makes an empty registry; `left` hears of devices that may stay no longer. */
export function deviceRegistry(hostName: string, left: (deviceId: string) => void): DeviceRegistry {
  const devices = new Map<string, Device>()
  const known = (deviceId: string): Device => {
    const device = devices.get(deviceId)
    if (device === undefined) throw invalidArgument(`there is no device ${quoted(deviceId)}`)
    return device
  }
  return {
    create: (deviceId, { keys = [newKey(), newKey()], method = 'sas' } = {}) => {
      if (!/^[A-Za-z0-9\-:.+%_#*?!(),=@$']{1,128}$/.test(deviceId)) {
        throw invalidArgument(
          `device id ${quoted(deviceId)}: it must be 1 to 128 letters, digits or - : . + % _ # * ? ! ( ) , = @ $ '`,
        )
      }
      if (devices.has(deviceId)) throw invalidArgument(`device ${deviceId} is there already`)
      if (!keys.every(isBase64)) throw invalidArgument(`device ${deviceId}: its keys must be base64`)
      const device: Device = { deviceId, keys: method === 'sas' ? keys : [], isEnabled: true }
      devices.set(deviceId, device)
      return device
    },
    get: (deviceId) => devices.get(deviceId),
    list: () => [...devices.values()],
    enable: (deviceId, isEnabled) => {
      devices.set(deviceId, { ...known(deviceId), isEnabled })
      if (!isEnabled) left(deviceId)
    },
    delete: (deviceId) => {
      known(deviceId)
      devices.delete(deviceId)
      left(deviceId)
    },
    load: (loaded) => {
      const before = [...devices.keys()]
      devices.clear()
      for (const device of loaded) devices.set(device.deviceId, device)
      for (const deviceId of before) if (devices.get(deviceId)?.isEnabled !== true) left(deviceId)
    },
    connectionString: (deviceId) => {
      const [key] = known(deviceId).keys
      return { hostName, deviceId, ...(key !== undefined && { sharedAccessKey: key }) }
    },
  }
}

function newKey(): string {
  return randomBytes(32).toString('base64')
}
