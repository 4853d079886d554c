import { AntiphonError } from '@antiphon/core'
import type { Deadlines, Violation } from '@antiphon/core/link'
import { Subscription, isObservable, type Observable } from 'rxjs'
import type { HookName, HookResult } from './authority.js'
import { isPromiseLike } from './hook-result.js'

/** What the calls of hooks need. */
export interface HooksOptions {
  readonly deadlines: Deadlines
  /** Milliseconds that an asynchronous hook may take. */
  readonly timeout: number
  /** Called for each hook that fails. */
  readonly failed: (hook: HookName, clientId: string, error: AntiphonError) => void
}

/** One call of a hook. */
export interface HookCall<T> {
  readonly hook: HookName
  readonly clientId: string
  readonly run: () => HookResult<T>
  /** Returns what is wrong with a result; hooks may be written in JavaScript. */
  readonly violation?: (result: unknown) => Violation
  /** The result of a hook that throws, rejects, completes without a value, or returns an invalid one. */
  readonly failed: T
  /** The result of a hook that takes too long. @defaultValue `failed` */
  readonly timedOut?: T
}

/** What a call needs to check its result. */
type CheckedCall<T> = Omit<HookCall<T>, 'run' | 'timedOut'>

/** The calls of the hooks: with a timeout, and with an event for each that fails. No call throws or rejects. */
export class Hooks {
  readonly #options: HooksOptions

  constructor(options: HooksOptions) {
    this.#options = options
  }

  /** Calls a hook; returns its result, or a Promise of it if the hook is asynchronous. */
  call<T>(call: HookCall<T>): T | Promise<T> {
    return this.#call(call, this.#options.timeout)
  }

  /** Calls a hook that may take any time. */
  callUntimed<T>(call: HookCall<T>): T | Promise<T> {
    return this.#call(call, Infinity)
  }

  /** Calls a hook that must be synchronous: `violation` refuses a Promise. */
  callSync<T>(call: CheckedCall<T> & { readonly run: () => T }): T {
    try {
      return this.#checked(call, call.run())
    } catch (error) {
      return this.#fail(call, error)
    }
  }

  #report({ hook, clientId }: CheckedCall<unknown>, error: AntiphonError): void {
    this.#options.failed(hook, clientId, error)
  }

  #call<T>(call: HookCall<T>, timeout: number): T | Promise<T> {
    try {
      const result = call.run()
      if (isObservable(result) || isPromiseLike(result)) return this.#await(call, timeout, result)
      return this.#checked(call, result)
    } catch (error) {
      return this.#fail(call, error)
    }
  }

  #await<T>(call: HookCall<T>, timeout: number, result: PromiseLike<T> | Observable<T>): Promise<T> {
    const { deadlines } = this.#options
    return new Promise<T>((resolve) => {
      const subscription = new Subscription()
      const settle = (value: T): void => {
        deadline.cancel()
        subscription.unsubscribe()
        resolve(value)
      }
      let isPending = true
      const once = (toValue: () => T): void => {
        if (!isPending) return
        isPending = false
        settle(toValue())
      }
      const deadline = deadlines.add(timeout, () =>
        once(() => {
          const text = `the hook ${call.hook} returned no result within ${timeout} ms, which is hookTimeout`
          this.#report(call, new AntiphonError('timeout', text))
          return call.timedOut ?? call.failed
        }),
      )
      const observer = {
        next: (value: T) => once(() => this.#checked(call, value)),
        error: (error: unknown) => once(() => this.#fail(call, error)),
        complete: () => once(() => this.#fail(call, new Error('it completed without a value'))),
      }
      if (isObservable(result)) subscription.add(result.subscribe(observer))
      else void Promise.resolve(result).then(observer.next, observer.error)
    })
  }

  #checked<T>(call: CheckedCall<T>, result: T): T {
    const violation = call.violation?.(result)
    if (violation === undefined) return result
    const text = `the hook ${call.hook} returned an invalid result: ${violation}`
    this.#report(call, new AntiphonError('invalid-argument', text))
    return call.failed
  }

  #fail<T>(call: CheckedCall<T>, cause: unknown): T {
    const text = `the hook ${call.hook} failed: ${AntiphonError.from(cause).rawMessage}`
    this.#report(call, new AntiphonError('unknown', text, { cause }))
    return call.failed
  }
}
