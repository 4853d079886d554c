import { describe, it } from 'node:test'
import { marbles } from '../../src/index.js'
import { thermostat } from '../marbles/thermostat.js'

const question = { topic: 'ask', payload: 'warm?', responseTopic: 'answer' }

void describe('a thermostat', () => {
  void it(
    'answers',
    marbles(({ link, publish, expectPublished }) => {
      thermostat(link()).subscribe()
      publish('                 --a---', { a: question })
      expectPublished('answer').toBe('----a-', { a: '21.5' })
    }),
  )
  void it(
    'answers otherwise, which is not so',
    marbles(({ link, publish, expectPublished }) => {
      thermostat(link()).subscribe()
      publish('                 --a---', { a: question })
      expectPublished('answer').toBe('----a-', { a: '22.5' })
    }),
  )
})
