import { firstValueFrom, isObservable } from 'rxjs'
import type { HookResult } from './authority.js'

/** An answer as it is when it is there already, and as a Promise when it is not. */
export function settle<T>(response: HookResult<T>): T | Promise<T> {
  if (isObservable(response)) return firstValueFrom(response)
  return isPromiseLike(response) ? Promise.resolve(response) : response
}

/** Whether something is yet to be waited for. */
export function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
