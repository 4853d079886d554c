import { countsOf, request$, strays$ } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { from, lastValueFrom, toArray } from 'rxjs'
import { expect, onTestFinished } from 'vitest'
import { startMember, type Member } from './member.js'
import { work } from './work.js'

/** How many requests each member holds. */
export const held = 500
export const names = ['one', 'two', 'three']
const questions = Array.from({ length: names.length * held }, (_, index) => `${index}`)

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
  const caller = connect(url)
  onTestFinished(() => caller.close())
  let strays = 0
  strays$(caller).subscribe(() => strays++)
  const answers = lastValueFrom(from(questions).pipe(request$(caller, work, { timeout: 60_000 }), toArray()))
  await until(() => members.every(({ began }) => began.length >= held))

  /** Each request got its own response, once. */
  const expectAnswered = async (): Promise<void> => {
    expect((await answers).sort(byNumber)).toEqual(questions)
    const all = questions.length
    expect(countsOf(caller, work)).toMatchObject({ asked: all, answered: all, pending: 0, retried: 0 })
    expect(strays).toBe(0)
  }
  /** Each request was carried out once, by one member. */
  const expectDoneOnce = async (...everybody: readonly Member[]): Promise<void> => {
    const done = (): string[] => everybody.flatMap(({ did }) => did)
    await until(() => done().length >= questions.length)
    expect(done().sort(byNumber)).toEqual(questions)
  }
  return { members, start, until, expectAnswered, expectDoneOnce }
}

const byNumber = (one: string, other: string): number => Number(one) - Number(other)
