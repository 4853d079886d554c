/**
 * The delivery state of commands to devices that may be offline.
 *
 * @packageDocumentation
 */

export { deliveryStates$ } from '../delivery/delivery-states.js'
export type { DeliveryOptions } from '../delivery/delivery-states.js'
export type { DeliveryState } from '../delivery/delivery-state.js'
