import { Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { flatten, type FlattenObserver, type FlattenWork } from '../../src/requester/flatten.js'

/** Work that the test continues by hand, also after it was cancelled. */
function manualWork(): {
  readonly work: FlattenWork<string, string>
  readonly started: Map<string, FlattenObserver<string>>
  readonly cancelled: string[]
} {
  const started = new Map<string, FlattenObserver<string>>()
  const cancelled: string[] = []
  const work: FlattenWork<string, string> = {
    start: (request, observer) => {
      started.set(request, observer)
      return { cancel: () => cancelled.push(request) }
    },
    reject: (error, observer) => observer.error(error),
  }
  return { work, started, cancelled }
}

describe('flatten with work that continues after its end', () => {
  it('ignores the responses and the end of a cancelled request', () => {
    const { work, started } = manualWork()
    const requests = new Subject<string>()
    const seen: string[] = []
    requests
      .pipe(flatten(work, { overlap: 'switch' }))
      .subscribe({ next: (response) => seen.push(response), complete: () => seen.push('|') })
    requests.next('a')
    requests.next('b')
    started.get('a')?.next('late')
    started.get('a')?.complete()
    started.get('b')?.next('b1')
    requests.complete()
    started.get('b')?.complete()
    expect(seen).toEqual(['b1', '|'])
  })

  it('counts a request that completes twice as one of its `concurrency`', () => {
    const { work, started } = manualWork()
    const requests = new Subject<string>()
    requests.pipe(flatten(work, { concurrency: 1 })).subscribe()
    for (const request of ['a', 'b', 'c']) requests.next(request)
    started.get('a')?.complete()
    started.get('a')?.complete()
    expect([...started.keys()]).toEqual(['a', 'b'])
  })

  it('cancels a request that its own synchronous response has replaced, with `switch`', () => {
    const { work, cancelled } = manualWork()
    const requests = new Subject<string>()
    const respondingWork: FlattenWork<string, string> = {
      ...work,
      start: (request, observer) => {
        if (request === 'a') observer.next('a1')
        return work.start(request, observer)
      },
    }
    requests.pipe(flatten(respondingWork, { overlap: 'switch' })).subscribe(() => requests.next('b'))
    requests.next('a')
    expect(cancelled).toEqual(['a'])
  })
})
