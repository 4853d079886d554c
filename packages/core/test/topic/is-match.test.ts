import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMatch } from '../../src/topic/is-match.js'
import { runs } from '../codec/runs.js'
import { anyFilters, topics } from './arbitraries.js'
import { isMatchByNorm } from './reference.js'

describe('isMatch', () => {
  it.each([
    ['# and what lies below', 'sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon'],
    ['# and its parent', 'sport/#', 'sport'],
    ['+ and one level', 'sport/tennis/+', 'sport/tennis/player1'],
    ['+ and an empty level', 'sport/+', 'sport/'],
    ['+ on both sides of a slash', '+/+', '/finance'],
    ['+ behind a slash', '/+', '/finance'],
    ['+ and #, and the parent', '+/#', 'sport'],
    ['$SYS by its name [MQTT-4.7.2-1]', '$SYS/#', '$SYS/monitor/Clients'],
    ['$SYS by its name and + [MQTT-4.7.2-1]', '$SYS/monitor/+', '$SYS/monitor/Clients'],
    ['$ behind the first level', '+/$x', 'a/$x'],
    ['what is shared', '$share/g/sport/+', 'sport/tennis'],
    ['what is shared from an empty level on', '$share/g//finance', '/finance'],
  ])('sees %s', (_, filter, topic) => {
    expect(isMatch(filter, topic)).toBe(true)
  })

  it.each([
    ['two levels for one +', 'sport/tennis/+', 'sport/tennis/player1/ranking'],
    ['no level for a +', 'sport/+', 'sport'],
    ['one + for a leading slash', '+', '/finance'],
    ['a longer word', 'sport/#', 'sports'],
    ['a shorter word', 'sport', 'spor'],
    ['another case', 'ACCOUNTS', 'Accounts'],
    ['a slash more', 'finance', '/finance'],
    ['a slash behind', 'finance', 'finance/'],
    ['$SYS by # [MQTT-4.7.2-1]', '#', '$SYS/monitor'],
    ['$SYS by + [MQTT-4.7.2-1]', '+/monitor/Clients', '$SYS/monitor/Clients'],
    ['$SYS by a shared # [MQTT-4.7.2-1]', '$share/g/#', '$SYS/monitor'],
    ['a group as part of the topic', '$share/g/a', '$share/g/a'],
  ])('does not see %s', (_, filter, topic) => {
    expect(isMatch(filter, topic)).toBe(false)
  })

  it('says what the norm says', () => {
    fc.assert(
      fc.property(anyFilters, topics, (filter, topic) => {
        expect(isMatch(filter, topic)).toBe(isMatchByNorm(filter, topic))
      }),
      runs,
    )
  })

  it('takes any number of levels', () => {
    const deep = '/'.repeat(100_000)
    expect(isMatch('#', deep)).toBe(true)
    expect(isMatch('+/'.repeat(100_000) + '#', deep)).toBe(true)
    expect(isMatch('+/'.repeat(100_000) + 'a', deep)).toBe(false)
  })
})
