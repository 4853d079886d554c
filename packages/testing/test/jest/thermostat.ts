import { marbles } from '../../src/index.js'
import { thermostat } from '../marbles/thermostat.js'

/** What Jest puts into every test file. */
declare const it: (name: string, body: () => void) => void
declare const expect: { readonly objectContaining: (parts: object) => unknown }

const request = { topic: 'ask', payload: 'warm?', responseTopic: 'answer' }

it(
  'answers',
  marbles(({ link, publish, expectObservable, expectPublished }) => {
    const device = link()
    thermostat(device).subscribe()
    publish('                 --a---', { a: request })
    expectPublished('answer').toBe('----a-', { a: '21.5' })
    expectObservable(device.state$, '^-!').toBe('(co)', {
      c: expect.objectContaining({ status: 'connecting' }),
      o: expect.objectContaining({ status: 'online' }),
    })
  }),
)

it(
  'answers otherwise, which is not so',
  marbles(({ link, publish, expectPublished }) => {
    thermostat(link()).subscribe()
    publish('                 --a---', { a: request })
    expectPublished('answer').toBe('----a-', { a: '22.5' })
  }),
)
