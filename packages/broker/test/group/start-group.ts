import { requesterStats, request$, unmatchedResponses$ } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { from, lastValueFrom, toArray } from 'rxjs'
import { expect, onTestFinished } from 'vitest'
import { startMember, type Member } from './member.js'
import { work } from './work.js'

/** The number of requests whose handler each member starts before any completes. */
export const requestsPerMember = 500
export const memberIds = ['one', 'two', 'three']
const requests = Array.from({ length: memberIds.length * requestsPerMember }, (_, index) => `${index}`)

/** Starts the members and a requester, and waits until all requests are started. */
export async function startGroup(url: string, urlOf: (memberId: string) => string = () => url) {
  const changed = new EventTarget()
  const start = async (memberId: string): Promise<Member> => {
    const member = await startMember(urlOf(memberId), memberId, () =>
      changed.dispatchEvent(new Event('change')),
    )
    onTestFinished(member.kill)
    return member
  }
  const until = async (isTrue: () => boolean): Promise<void> => {
    while (!isTrue())
      await new Promise((resolve) => changed.addEventListener('change', resolve, { once: true }))
  }
  const members = await Promise.all(memberIds.map(start))
  const requester = connect(url)
  onTestFinished(() => requester.close())
  let unmatched = 0
  unmatchedResponses$(requester).subscribe(() => unmatched++)
  const responses = lastValueFrom(
    from(requests).pipe(request$(requester, work, { timeout: 60_000 }), toArray()),
  )
  await until(() => members.every(({ started }) => started.length >= requestsPerMember))

  /** Expects exactly one response per request. */
  const expectResponses = async (): Promise<void> => {
    expect((await responses).sort(byNumber)).toEqual(requests)
    const total = requests.length
    expect(requesterStats(requester, work)).toMatchObject({
      requested: total,
      responded: total,
      pending: 0,
      retried: 0,
    })
    expect(unmatched).toBe(0)
  }
  /** Expects that each request was completed once, by one responder. */
  const expectCompletedOnce = async (...responders: readonly Member[]): Promise<void> => {
    const completedRequests = (): string[] => responders.flatMap(({ completed }) => completed)
    await until(() => completedRequests().length >= requests.length)
    expect(completedRequests().sort(byNumber)).toEqual(requests)
  }
  return { members, start, until, expectResponses, expectCompletedOnce }
}

const byNumber = (left: string, right: string): number => Number(left) - Number(right)
