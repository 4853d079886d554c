import type { Link } from '@antiphon/core'
import { linkMiddleware } from '@antiphon/core/link'
import { finalize, Observable } from 'rxjs'
import { ref, unref } from './handle.js'

/** The longest delay of a timer. */
const LONGEST_DELAY = 2 ** 31 - 1

/**
 * Returns a link that keeps the process alive while it sends messages or closes, although its socket does not. Requests do so
 * themselves, by the timer of their timeout.
 */
export function withHeldProcess(link: Link): Link {
  // Fires every 25 days, and does nothing.
  const timer = setInterval(() => undefined, LONGEST_DELAY)
  let holders = 0
  unref(timer)
  const hold = (): void => {
    holders += 1
    if (holders === 1) ref(timer)
  }
  const release = (): void => {
    holders -= 1
    if (holders === 0) unref(timer)
  }
  const close = async (): Promise<void> => {
    hold()
    await link.close().finally(release)
    clearInterval(timer)
  }
  const held = linkMiddleware({
    publish$: (message, next) =>
      new Observable((subscriber) => {
        hold()
        return next(message).pipe(finalize(release)).subscribe(subscriber)
      }),
  })(link)
  return { ...held, close, [Symbol.asyncDispose]: close }
}
