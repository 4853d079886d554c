import { describe, it } from 'node:test'
import { marbles } from '../../src/index.js'
import { thermostat } from '../marbles/thermostat.js'

const request = { topic: 'ask', payload: 'warm?', responseTopic: 'answer' }

void describe('a thermostat', () => {
  void it(
    'answers',
    marbles(({ link, publish, expectPublished }) => {
      thermostat(link()).subscribe()
      publish('                 --a---', { a: request })
      expectPublished('answer').toBe('----a-', { a: '21.5' })
    }),
  )
  void it(
    'answers otherwise, which is not so',
    marbles(({ link, publish, expectPublished }) => {
      thermostat(link()).subscribe()
      publish('                 --a---', { a: request })
      expectPublished('answer').toBe('----a-', { a: '22.5' })
    }),
  )
})
