import { setTimeout as wait } from 'node:timers/promises'

const pollPeriod = 10

/** Resolves when the condition holds, or after the timeout. */
export async function waitUntil(isReached: () => boolean, timeout: number): Promise<void> {
  for (const end = performance.now() + timeout; !isReached() && performance.now() < end;)
    await wait(pollPeriod)
}
