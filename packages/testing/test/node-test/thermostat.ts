import { describe, it } from 'node:test'
import { marbles } from '../../src/index.js'
import { thermostat } from '../marbles/thermostat.js'

const request = { topic: 'get', payload: 'warm?', responseTopic: 'result' }

void describe('a thermostat', () => {
  void it(
    'responds with the expected temperature',
    marbles(({ link, publish, expectPublished }) => {
      thermostat(link()).subscribe()
      publish('                 --a---', { a: request })
      expectPublished('result').toBe('----a-', { a: '21.5' })
    }),
  )
  void it(
    'fails on another temperature',
    marbles(({ link, publish, expectPublished }) => {
      thermostat(link()).subscribe()
      publish('                 --a---', { a: request })
      expectPublished('result').toBe('----a-', { a: '22.5' })
    }),
  )
})
