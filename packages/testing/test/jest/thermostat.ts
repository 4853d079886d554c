import { marbles } from '../../src/index.js'
import { thermostat } from '../marbles/thermostat.js'

/** The globals of Jest. */
declare const it: (name: string, body: () => void) => void
declare const expect: { readonly objectContaining: (parts: object) => unknown }

const request = { topic: 'get', payload: 'warm?', responseTopic: 'result' }

it(
  'responds with the expected temperature',
  marbles(({ link, publish, expectObservable, expectPublished }) => {
    const device = link()
    thermostat(device).subscribe()
    publish('                 --a---', { a: request })
    expectPublished('result').toBe('----a-', { a: '21.5' })
    expectObservable(device.state$, '^-!').toBe('(co)', {
      c: expect.objectContaining({ status: 'connecting' }),
      o: expect.objectContaining({ status: 'online' }),
    })
  }),
)

it(
  'fails on another temperature',
  marbles(({ link, publish, expectPublished }) => {
    thermostat(link()).subscribe()
    publish('                 --a---', { a: request })
    expectPublished('result').toBe('----a-', { a: '22.5' })
  }),
)
