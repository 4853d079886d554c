import { describe, expect, it } from 'vitest'
import { withHostileRequester, type HostileRequester } from './hostile-requester.js'

/** A number of so many digits, which is 1. */
const oneOf = (digits: number): string => '1'.padStart(digits, '0')

const MiB = 2 ** 20

/** Advances time by some seconds, in each of which the requester shows that it is there. */
function stayAlive({ world, sendControl }: HostileRequester, seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    sendControl([['__ctl', 'credit']])
    world.advance(1_000)
  }
}

describe('a responder that receives items out of order', () => {
  it('accepts the missing item, however large, while large items wait for it', () => {
    withHostileRequester(({ open, sendItem, seen }) => {
      open()
      sendItem('1', oneOf(9 * MiB))
      sendItem('0', oneOf(9 * MiB))
      expect(seen).toEqual([1, 1])
    })
  })

  it('keeps items of 16 MiB in all that wait for a missing one', () => {
    withHostileRequester(({ open, sendItem, seen }) => {
      open()
      sendItem('1', oneOf(8 * MiB))
      sendItem('2', oneOf(8 * MiB))
      sendItem('0')
      expect(seen).toEqual([1, 1, 1])
    })
  })

  it('keeps another large item once those that waited are passed on', () => {
    withHostileRequester(({ open, sendItem, seen }) => {
      open()
      sendItem('1', oneOf(9 * MiB))
      sendItem('0', '0')
      sendItem('3', oneOf(9 * MiB))
      sendItem('2', '2')
      expect(seen).toEqual([0, 1, 2, 1])
    })
  })

  it('misses no item after a duplicate of one that the handler has received', () => {
    withHostileRequester((setup) => {
      const { open, sendItem, seen, failures, records } = setup
      open()
      sendItem('0')
      sendItem('0')
      stayAlive(setup, 10)
      expect([seen, failures(), records.values]).toEqual([[1], [], []])
    })
  })

  it('misses an item at the same time whether or not more items arrive behind it', () => {
    withHostileRequester((setup) => {
      const { open, sendItem, failures } = setup
      open()
      sendItem('1')
      stayAlive(setup, 2)
      sendItem('2')
      stayAlive(setup, 1)
      expect(failures()).toEqual([])
      stayAlive(setup, 2)
      expect(failures()).toEqual([[400, 'item 0 is missing', '__stream']])
    })
  })

  it('waits for each missing item as long as for the first', () => {
    withHostileRequester((setup) => {
      const { open, sendItem, seen, failures } = setup
      open()
      for (const index of [0, 2, 4]) {
        sendItem(String(index + 1))
        stayAlive(setup, 2)
        sendItem(String(index))
      }
      expect(seen).toHaveLength(6)
      expect(failures()).toEqual([])
    })
  })
})
