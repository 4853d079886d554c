import { firstValueFrom, isObservable } from 'rxjs'
import type { HookResult } from './authority.js'

/** Returns a synchronous result as it is, and an asynchronous one as a Promise. */
export function toValueOrPromise<T>(result: HookResult<T>): T | Promise<T> {
  if (isObservable(result)) return firstValueFrom(result)
  return isPromiseLike(result) ? Promise.resolve(result) : result
}

/** Whether a value is a Promise or another thenable. */
export function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
