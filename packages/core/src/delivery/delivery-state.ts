import type { AntiphonError } from '../errors.js'

/** Where a command is on its way to a device. */
export type DeliveryState<Response = unknown> =
  /** The broker has the command. `isOnline`: whether the device is announced by presence, if that is followed and known. */
  | { readonly status: 'queued'; readonly isOnline?: boolean }
  /** The device has the command, and has not responded yet. */
  | { readonly status: 'delivered' }
  /** The device has responded. */
  | { readonly status: 'responded'; readonly value: Response }
  /** The command is no longer valid. The broker drops it if the device has not received it. */
  | { readonly status: 'expired'; readonly error: AntiphonError }
