import { firstValueFrom, isObservable } from 'rxjs'
import type { Answer } from './authority.js'

/** An answer as it is when it is there already, and as a Promise when it is not. */
export function settle<T>(answer: Answer<T>): T | Promise<T> {
  if (isObservable(answer)) return firstValueFrom(answer)
  return isPromiseLike(answer) ? Promise.resolve(answer) : answer
}

/** Whether something is yet to be waited for. */
export function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
