import { AntiphonError, exchange$, requests$, serve, text } from '@antiphon/core'
import { requestStreamEndpoint } from '@antiphon/core/request-streams'
import { catchError, map, of, reduce } from 'rxjs'
import { describe, it } from 'vitest'
import { marbles, type MessageParts } from '../../src/index.js'

const sum = requestStreamEndpoint({ topic: 'sum', request: text, response: text })
const chat = requestStreamEndpoint({
  topic: 'chat',
  request: text,
  response: text,
  responses: 'many',
})

/** An item of a request stream, or its end. */
const item = (position: string, payload = ''): MessageParts => ({
  payload,
  userProperties: [
    ['__ctl', 'item'],
    ['__stream', position],
  ],
})

describe('a request stream, in marbles', () => {
  it(
    'sends each item when it is emitted, and emits the response after the end',
    marbles(({ link, cold, expectObservable, expectPublished }) => {
      requests$(link({ clientId: 'responder' }), sum)
        .pipe(serve(({ value }) => value.pipe(reduce((total, each) => total + each, ''))))
        .subscribe()
      const items$ = cold('                         --a--b--(c|)')
      expectObservable(exchange$(link({ clientId: 'requester' }), sum, items$)).toBe('--------(r|)', {
        r: 'abc',
      })
      expectPublished('sum', { clientId: 'requester' }).toBe('o', {
        o: { payload: '', userProperties: [['__ctl', 'open']] },
      })
      expectPublished('control/responder', { clientId: 'requester' }).toBe('--a--b--(ce)', {
        a: item('0', 'a'),
        b: item('1', 'b'),
        c: item('2', 'c'),
        e: item('3:last'),
      })
    }),
  )

  it(
    'emits the responses as the items arrive, in both directions at once',
    marbles(({ link, cold, expectObservable }) => {
      requests$(link({ clientId: 'responder' }), chat)
        .pipe(serve(({ value }) => value.pipe(map((each) => each.toUpperCase()))))
        .subscribe()
      const items$ = cold('                         --a-b----c|')
      expectObservable(exchange$(link({ clientId: 'requester' }), chat, items$)).toBe('--A-B----C|')
    }),
  )

  it(
    'fails with the error of its stream',
    marbles(({ link, cold, expectObservable }) => {
      requests$(link({ clientId: 'responder' }), chat)
        .pipe(serve(({ value }) => value))
        .subscribe()
      const items$ = cold('                         --a-#', undefined, new Error('torn'))
      const response$ = exchange$(link({ clientId: 'requester' }), chat, items$).pipe(
        catchError((error: unknown) => of(AntiphonError.from(error).rawMessage)),
      )
      expectObservable(response$).toBe('--a-(e|)', { a: 'a', e: 'torn' })
    }),
  )
})
