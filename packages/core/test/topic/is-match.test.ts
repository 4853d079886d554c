import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMatch } from '../../src/topic/is-match.js'
import { runs } from '../codec/runs.js'
import { anyFilters, topics } from './arbitraries.js'
import { isMatchBySpecification } from './reference.js'

describe('isMatch', () => {
  it.each([
    ['levels below #', 'sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon'],
    ['the parent of #', 'sport/#', 'sport'],
    ['one level for +', 'sport/tennis/+', 'sport/tennis/player1'],
    ['an empty level for +', 'sport/+', 'sport/'],
    ['+ on both sides of a slash', '+/+', '/finance'],
    ['+ after a slash', '/+', '/finance'],
    ['the parent of # for +', '+/#', 'sport'],
    ['$SYS by its name [MQTT-4.7.2-1]', '$SYS/#', '$SYS/monitor/Clients'],
    ['$SYS by its name and + [MQTT-4.7.2-1]', '$SYS/monitor/+', '$SYS/monitor/Clients'],
    ['$ after the first level', '+/$x', 'a/$x'],
    ['a shared filter', '$share/g/sport/+', 'sport/tennis'],
    ['a shared filter with an empty first level', '$share/g//finance', '/finance'],
  ])('matches %s', (_, filter, topic) => {
    expect(isMatch(filter, topic)).toBe(true)
  })

  it.each([
    ['two levels for one +', 'sport/tennis/+', 'sport/tennis/player1/ranking'],
    ['no level for a +', 'sport/+', 'sport'],
    ['one + for a leading slash', '+', '/finance'],
    ['a longer word', 'sport/#', 'sports'],
    ['a shorter word', 'sport', 'spor'],
    ['another case', 'ACCOUNTS', 'Accounts'],
    ['an additional leading slash', 'finance', '/finance'],
    ['an additional trailing slash', 'finance', 'finance/'],
    ['$SYS by # [MQTT-4.7.2-1]', '#', '$SYS/monitor'],
    ['$SYS by + [MQTT-4.7.2-1]', '+/monitor/Clients', '$SYS/monitor/Clients'],
    ['$SYS by a shared # [MQTT-4.7.2-1]', '$share/g/#', '$SYS/monitor'],
    ['the group of a shared filter in the topic', '$share/g/a', '$share/g/a'],
  ])('does not match %s', (_, filter, topic) => {
    expect(isMatch(filter, topic)).toBe(false)
  })

  it('agrees with a literal implementation of the MQTT specification', () => {
    fc.assert(
      fc.property(anyFilters, topics, (filter, topic) => {
        expect(isMatch(filter, topic)).toBe(isMatchBySpecification(filter, topic))
      }),
      runs,
    )
  })

  it('matches topics of 100 000 levels', () => {
    const deep = '/'.repeat(100_000)
    expect(isMatch('#', deep)).toBe(true)
    expect(isMatch('+/'.repeat(100_000) + '#', deep)).toBe(true)
    expect(isMatch('+/'.repeat(100_000) + 'a', deep)).toBe(false)
  })
})
