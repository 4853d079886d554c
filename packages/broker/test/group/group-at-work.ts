import { requesterStats, request$, unmatchedResponses$ } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { from, lastValueFrom, toArray } from 'rxjs'
import { expect, onTestFinished } from 'vitest'
import { startMember, type Member } from './member.js'
import { work } from './work.js'

/** How many requests each member holds. */
export const held = 500
export const names = ['one', 'two', 'three']
const requests = Array.from({ length: names.length * held }, (_, index) => `${index}`)

/** Starts the members, each holding its share of the requests, and a requester that waits for the responses. */
export async function groupAtWork(url: string, urlOf: (name: string) => string = () => url) {
  const changed = new EventTarget()
  const start = async (name: string): Promise<Member> => {
    const member = await startMember(urlOf(name), name, () => changed.dispatchEvent(new Event('change')))
    onTestFinished(member.kill)
    return member
  }
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo())
      await new Promise((resolve) => changed.addEventListener('change', resolve, { once: true }))
  }
  const members = await Promise.all(names.map(start))
  const requester = connect(url)
  onTestFinished(() => requester.close())
  let unmatched = 0
  unmatchedResponses$(requester).subscribe(() => unmatched++)
  const responses = lastValueFrom(
    from(requests).pipe(request$(requester, work, { timeout: 60_000 }), toArray()),
  )
  await until(() => members.every(({ began }) => began.length >= held))

  /** Each request got its own response, once. */
  const expectAnswered = async (): Promise<void> => {
    expect((await responses).sort(byNumber)).toEqual(requests)
    const all = requests.length
    expect(requesterStats(requester, work)).toMatchObject({
      requested: all,
      responded: all,
      pending: 0,
      retried: 0,
    })
    expect(unmatched).toBe(0)
  }
  /** Each request was carried out once, by one member. */
  const expectDoneOnce = async (...everybody: readonly Member[]): Promise<void> => {
    const done = (): string[] => everybody.flatMap(({ did }) => did)
    await until(() => done().length >= requests.length)
    expect(done().sort(byNumber)).toEqual(requests)
  }
  return { members, start, until, expectAnswered, expectDoneOnce }
}

const byNumber = (one: string, other: string): number => Number(one) - Number(other)
