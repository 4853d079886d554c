import { AntiphonError } from '@antiphon/core'
import { map, NEVER, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { requestProperties, withResponder } from '../responder/with-responder.js'
import { sum, withHostileRequester, type Sum } from './hostile-requester.js'

describe('the items of a hostile or plain requester', () => {
  it('are passed on in order, without duplicates, with credit as half of it is consumed', () => {
    withHostileRequester(({ open, sendItem, seen, credits }) => {
      open()
      for (const position of ['1', '0', '0', '1', '2']) sendItem(position, position)
      expect(seen).toEqual([0, 1, 2])
      expect(credits()).toEqual([
        ['4', '0'],
        ['6', '2'],
      ])
    })
  })

  it('are refused beyond the credit, at whatever index', () => {
    for (const position of ['4', '1000000000', '5:last'])
      withHostileRequester(({ open, sendItem, seen, failures }) => {
        open()
        sendItem(position)
        expect(failures()).toEqual([
          [400, `item ${Number.parseInt(position, 10)} exceeds the credit`, '__stream'],
        ])
        expect(seen).toEqual([expect.stringMatching(/^\[protocol\] item \d+ exceeds the credit$/)])
      })
  })

  it('are refused before the handler reads', () => {
    withHostileRequester(
      ({ open, sendItem, failures }) => {
        open()
        sendItem('0')
        expect(failures()).toEqual([[400, 'item 0 exceeds the credit', '__stream']])
      },
      { handler: () => NEVER },
    )
  })

  it('are refused with an invalid position', () => {
    for (const position of [undefined, '-1', 'last', '0:first', ''])
      withHostileRequester(({ open, sendItem, failures }) => {
        open()
        sendItem(position)
        expect(failures()).toEqual([[400, 'the position of an item is invalid', '__stream']])
      })
  })

  it.each([
    ['an invalid position', [['__stream', '0:first']], '0:first'],
    ['no position', [], undefined],
    [
      'chunks that do not fit together',
      [
        ['__stream', '0'],
        ['__chunk', 'nonsense'],
      ],
      undefined,
    ],
  ] as const)(
    'are refused with __propVal of the position, if that is to blame: %s',
    (_, properties, value) => {
      withHostileRequester(({ open, sendItem, responses }) => {
        open()
        sendItem(undefined, '1', properties)
        const blamed = responses.at(-1)?.message.userProperties?.filter(([name]) => name.startsWith('__prop'))
        const expected = value === undefined ? [] : [['__propVal', value]]
        expect(blamed).toEqual([['__propName', '__stream'], ...expected])
      })
    },
  )

  it('are refused if they cannot be decoded or are no UTF-8', () => {
    withHostileRequester(({ open, sendItem, seen, failures }) => {
      open()
      sendItem('0', 'one')
      expect(failures()).toMatchObject([[400, expect.stringContaining('expected a whole number'), undefined]])
      expect(seen).toEqual([expect.stringMatching(/^\[decode\] .*expected a whole number/)])
    })
    withHostileRequester(({ open, sendControl, failures, world }) => {
      open()
      sendControl(
        [
          ['__ctl', 'item'],
          ['__stream', '0'],
        ],
        { payload: new Uint8Array([0xff]), payloadFormatIndicator: true },
      )
      world.advance(10)
      expect(failures()).toMatchObject([[400, expect.stringContaining('UTF-8'), '__stream']])
    })
  })

  it('are refused if their chunks do not fit together', () => {
    withHostileRequester(({ open, sendItem, failures }) => {
      open()
      sendItem('0', '12', [['__chunk', 'nonsense']])
      expect(failures()).toMatchObject([
        [400, expect.stringContaining('cannot assemble an item'), '__stream'],
      ])
    })
  })

  it('are refused beyond the credit before their chunks are assembled', () => {
    withHostileRequester(({ open, sendItem, failures }) => {
      open()
      sendItem('4', '12', [['__chunk', '0:9:18:00000000']])
      expect(failures()).toEqual([[400, 'item 4 exceeds the credit', '__stream']])
    })
  })

  it('are dropped if many bytes wait for a missing one, and accepted when they are sent again', () => {
    withHostileRequester(({ open, sendItem, seen, failures }) => {
      const large = '0'.repeat(9 * 2 ** 20)
      open()
      sendItem('1', `${large}1`)
      sendItem('2', `${large}2`)
      sendItem('0', '0')
      expect(seen).toEqual([0, 1])
      sendItem('2', `${large}2`)
      expect(seen).toEqual([0, 1, 2])
      expect(failures()).toEqual([])
    })
  })

  it('are missed three times, then the request is answered 400', () => {
    withHostileRequester(({ open, sendItem, failures, seen, world, credits, sendControl }) => {
      open()
      sendItem('0')
      sendItem('2')
      for (let second = 0; second < 6; second++) {
        world.advance(1_000)
        sendControl([['__ctl', 'credit']])
      }
      expect(failures()).toEqual([[400, 'item 1 is missing', '__stream']])
      expect(seen).toEqual([1, '[protocol] item 1 is missing'])
      expect(credits().slice(1)).toEqual([
        ['4', '1'],
        ['4', '1'],
        ['4', '1'],
      ])
    })
  })

  it('are ignored after the end of the stream and after the end of the request', () => {
    withHostileRequester(({ open, sendItem, seen, failures, world, records }) => {
      open()
      sendItem('0')
      sendItem('1:last', '')
      for (const position of ['1', '2', '2:last', 'nonsense']) sendItem(position)
      expect(seen).toEqual([1, 'complete'])
      expect(failures()).toEqual([])
      world.advance(4_000)
      expect(records.values).toMatchObject([{ outcome: 'expired' }])
      sendItem('2')
      expect(failures()).toEqual([])
    })
  })

  it('end at once with a failure, also before missing items, and with a failure without a text', () => {
    withHostileRequester(({ open, sendItem, seen, records }) => {
      open()
      sendItem('0')
      sendItem('3:last', '', [['__stat', '400']])
      expect(seen).toEqual([1, "[status] the requester's stream failed with 400"])
      expect(records.values).toMatchObject([{ outcome: 'cancelled' }])
    })
  })

  it('do not keep a silent requester alive', () => {
    withHostileRequester(({ open, sendItem, records, credits, world }) => {
      open()
      sendItem('0')
      world.advance(2_500)
      expect(credits()).toEqual([
        ['4', '0'],
        ['4', '1'],
        ['4', '1'],
      ])
      expect(records.values).toEqual([])
      world.advance(700)
      expect(records.values).toMatchObject([{ outcome: 'expired' }])
    })
  })

  it('are awaited as long as the requester gives signs of life', () => {
    withHostileRequester(({ open, sendItem, records, seen, sendControl, world }) => {
      open()
      for (let second = 0; second < 60; second++) {
        sendControl([['__ctl', 'credit']])
        world.advance(1_000)
      }
      sendItem('0')
      expect(records.values).toEqual([])
      expect(seen).toEqual([1])
    })
  })

  it('need a request with Correlation Data', () => {
    withHostileRequester(({ open, failures, sendRequest, world }) => {
      open({ correlationData: undefined as never })
      sendRequest('5', { topic: 'sum', ...requestProperties })
      world.advance(10)
      const text = 'the request must be a stream, which begins with __ctl open and Correlation Data'
      expect(failures()).toEqual([
        [400, text, '__ctl'],
        [400, text, '__ctl'],
      ])
    })
  })

  it('are not repeated by a duplicate of the request, which gets the credit again', () => {
    withHostileRequester(({ open, sendItem, handled, credits }) => {
      open()
      sendItem('0')
      open()
      expect(handled).toHaveLength(1)
      expect(credits()).toEqual([
        ['4', '0'],
        ['4', '1'],
      ])
    })
  })
})

describe('the items that are read late', () => {
  it('end with the error of a request that has ended', () => {
    const seen: unknown[] = []
    withResponder<Sum>(
      { endpoint: sum, handler: () => NEVER },
      ({ sendRequest, sendControl, handled, world }) => {
        sendRequest('', { topic: 'sum', userProperties: [['__ctl', 'open']] })
        world.advance(10)
        sendControl([
          ['__ctl', 'cancel'],
          ['__stat', '499'],
        ])
        world.advance(10)
        handled[0]?.value.subscribe({
          error: (error: unknown) => seen.push(AntiphonError.from(error).message),
        })
        expect(seen).toEqual(['[cancelled] the requester cancelled the request'])
      },
    )
  })

  it('complete at once if the requester has sent the end of an empty stream', () => {
    withResponder<Sum>(
      { endpoint: sum, handler: () => NEVER },
      ({ sendRequest, sendControl, handled, world }) => {
        const seen: unknown[] = []
        sendRequest('', { topic: 'sum', userProperties: [['__ctl', 'open']] })
        world.advance(10)
        sendControl([
          ['__ctl', 'item'],
          ['__stream', '0:last'],
        ])
        world.advance(10)
        handled[0]?.value
          .pipe(
            toArray(),
            map((items) => items.length),
          )
          .subscribe((count) => seen.push(count))
        expect(seen).toEqual([0])
      },
    )
  })

  it('end with the failure that the requester has sent', () => {
    withResponder<Sum>(
      { endpoint: sum, handler: () => NEVER },
      ({ sendRequest, sendControl, handled, world, records }) => {
        const seen: unknown[] = []
        sendRequest('', { topic: 'sum', userProperties: [['__ctl', 'open']] })
        world.advance(10)
        sendControl([
          ['__ctl', 'item'],
          ['__stream', '0:last'],
          ['__stat', '500'],
        ])
        world.advance(10)
        handled[0]?.value.subscribe({ error: (error: unknown) => seen.push(AntiphonError.from(error).code) })
        expect(seen).toEqual(['status'])
        expect(records.values).toMatchObject([{ outcome: 'cancelled' }])
      },
    )
  })
})
