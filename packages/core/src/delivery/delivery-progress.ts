import type { Observer } from 'rxjs'
import type { AntiphonError } from '../errors.js'
import type { DeliveryState } from './delivery-state.js'

/** Turns what is known of a command into its states, which never go back. */
export class DeliveryProgress {
  readonly #observer: Observer<DeliveryState>
  #isQueued = false
  #isDelivered = false
  #isOnline: boolean | undefined

  constructor(observer: Observer<DeliveryState>) {
    this.#observer = observer
  }

  /** The broker has acknowledged the command. */
  onQueued(): void {
    if (this.#isQueued) return
    this.#isQueued = true
    this.#emitQueued()
  }

  /** The device has come or gone. */
  onPresence(isOnline: boolean): void {
    this.#isOnline = isOnline
    if (this.#isQueued) this.#emitQueued()
  }

  /** The device has accepted the command. */
  onDelivered(): void {
    if (this.#isDelivered) return
    this.#isDelivered = true
    this.#observer.next({ status: 'delivered' })
  }

  onResponse(value: unknown): void {
    this.#observer.next({ status: 'responded', value })
  }

  onError(error: AntiphonError): void {
    if (error.code !== 'timeout') return this.#observer.error(error)
    this.#observer.next({ status: 'expired', error })
    this.#observer.complete()
  }

  #emitQueued(): void {
    if (this.#isDelivered) return
    const isOnline = this.#isOnline
    this.#observer.next({ status: 'queued', ...(isOnline === undefined ? {} : { isOnline }) })
  }
}
