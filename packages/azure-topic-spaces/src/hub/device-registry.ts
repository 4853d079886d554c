import { invalidArgument, quoted } from '@antiphon/core/link'
import { randomBytes } from 'node:crypto'
import { isBase64, type ConnectionString } from '../connection-string.js'

/** A device that is registered at the hub. */
export interface Device {
  readonly deviceId: string
  /** Two keys, base64; a device may sign with either, so that keys can be rotated. Empty for a device with a certificate. */
  readonly keys: readonly string[]
  readonly isEnabled: boolean
}

/** The options of a new device. */
export interface NewDevice {
  /** Two keys, base64. @defaultValue random keys */
  readonly keys?: readonly [primary: string, secondary: string]
  /** `x509`: the device authenticates with a certificate whose common name is its id. @defaultValue 'sas' */
  readonly method?: 'sas' | 'x509'
}

/** The devices of a hub, by id. */
export interface DeviceRegistry {
  /** Adds a device; throws `invalid-argument` if the id or a key is invalid, or the device exists already. */
  readonly create: (deviceId: string, device?: NewDevice) => Device
  readonly get: (deviceId: string) => Device | undefined
  readonly list: () => readonly Device[]
  /** Enables or disables a device. A disabled device cannot connect; if it is connected, the hub disconnects it. */
  readonly setEnabled: (deviceId: string, isEnabled: boolean) => void
  readonly delete: (deviceId: string) => void
  /** Replaces all devices. */
  readonly load: (devices: readonly Device[]) => void
  /** Returns the connection string of a device. */
  readonly connectionString: (deviceId: string) => ConnectionString
}

/** Creates an empty registry; it calls `onRevoked` when a device is disabled or deleted. */
export function deviceRegistry(hostName: string, onRevoked: (deviceId: string) => void): DeviceRegistry {
  const devices = new Map<string, Device>()
  const requireDevice = (deviceId: string): Device => {
    const device = devices.get(deviceId)
    if (device === undefined) throw invalidArgument(`there is no device ${quoted(deviceId)}: create it first`)
    return device
  }
  return {
    create: (deviceId, { keys = [newKey(), newKey()], method = 'sas' } = {}) => {
      if (!/^[A-Za-z0-9\-:.+%_#*?!(),=@$']{1,128}$/.test(deviceId)) {
        throw invalidArgument(
          `the device id is ${quoted(deviceId)}: it must be 1 to 128 letters, digits or - : . + % _ # * ? ! ( ) , = @ $ '`,
        )
      }
      if (devices.has(deviceId)) throw invalidArgument(`cannot create device ${deviceId}: it exists already`)
      if (!keys.every(isBase64))
        throw invalidArgument(`cannot create device ${deviceId}: its keys must be base64`)
      const device: Device = { deviceId, keys: method === 'sas' ? keys : [], isEnabled: true }
      devices.set(deviceId, device)
      return device
    },
    get: (deviceId) => devices.get(deviceId),
    list: () => [...devices.values()],
    setEnabled: (deviceId, isEnabled) => {
      devices.set(deviceId, { ...requireDevice(deviceId), isEnabled })
      if (!isEnabled) onRevoked(deviceId)
    },
    delete: (deviceId) => {
      requireDevice(deviceId)
      devices.delete(deviceId)
      onRevoked(deviceId)
    },
    load: (loaded) => {
      const before = [...devices.keys()]
      devices.clear()
      for (const device of loaded) devices.set(device.deviceId, device)
      for (const deviceId of before) if (devices.get(deviceId)?.isEnabled !== true) onRevoked(deviceId)
    },
    connectionString: (deviceId) => {
      const [key] = requireDevice(deviceId).keys
      return { hostName, deviceId, ...(key !== undefined && { sharedAccessKey: key }) }
    },
  }
}

function newKey(): string {
  return randomBytes(32).toString('base64')
}
