import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  assertTopicFilter,
  hasWildcard,
  isSharedFilter,
  parseFilter,
  validateTopicFilter,
} from '../../src/topic/topic-filter.js'
import { runs } from '../codec/runs.js'
import { anyFilters } from './arbitraries.js'

describe('topic filter', () => {
  it.each([
    ['no wildcard', 'sport/tennis'],
    ['all topics [MQTT-4.7.1-1]', '#'],
    ['a whole tree [MQTT-4.7.1-1]', 'sport/tennis/#'],
    ['an empty level before #', '/#'],
    ['a single level [MQTT-4.7.1-2]', '+'],
    ['single levels anywhere [MQTT-4.7.1-2]', '+/tennis/+/#'],
    ['the level between two slashes [MQTT-4.7.1-2]', 'sport/+/player1'],
    ['nothing but slashes', '//'],
    ['$SYS', '$SYS/#'],
    ['a group [MQTT-4.8.2-1]', '$share/consumer/sport/+'],
    ['a group over all topics [MQTT-4.8.2-2]', '$share/g/#'],
    ['a group over a leading slash', '$share/g//finance'],
    ['a group over a lone slash', '$share/g//'],
    ['$share alone', '$share'],
    ['a first level that begins like $share', '$shared/+'],
    ['65 535 bytes [MQTT-4.7.3-3]', `${'x'.repeat(65_533)}/#`],
  ])('accepts a topic filter: %s', (_, filter) => {
    expect(validateTopicFilter(filter)).toBeUndefined()
    expect(() => assertTopicFilter(filter)).not.toThrow()
  })

  it.each([
    ['empty', '', '[MQTT-4.7.3-1]'],
    ['containing NUL', 'a/\0', '[MQTT-4.7.3-2]'],
    ['too long', 'x'.repeat(65_536), '[MQTT-4.7.3-3]'],
    ['# within a level', 'sport/tennis#', '[MQTT-4.7.1-1]'],
    ['# before the last level', 'sport/tennis/#/ranking', '[MQTT-4.7.1-1]'],
    ['# twice', '#/#', '[MQTT-4.7.1-1]'],
    ['# before a slash', '#/', '[MQTT-4.7.1-1]'],
    ['+ after text', 'sport+', '[MQTT-4.7.1-2]'],
    ['+ before text', '+sport', '[MQTT-4.7.1-2]'],
    ['+ twice in a level', '++', '[MQTT-4.7.1-2]'],
    ['+ and # in a level', '+#', '[MQTT-4.7.1-2]'],
    ['a lone surrogate', 'a/\udc00', '[MQTT-1.5.4-1]'],
    ['a group without a name', '$share//a', '[MQTT-4.8.2-1]'],
    ['a group without a filter', '$share/g', '[MQTT-4.8.2-2]'],
    ['a group with an empty filter', '$share/g/', '[MQTT-4.8.2-2]'],
    ['without group and filter', '$share/', '[MQTT-4.8.2-2]'],
    ['+ in the name of a group', '$share/g+/a', '[MQTT-4.8.2-2]'],
    ['# in the name of a group', '$share/#/a', '[MQTT-4.8.2-2]'],
    ['a group within a group', '$share/g/$share/h/a', '[MQTT-4.8.2-2]'],
    ['a group over an invalid filter', '$share/g/a+', '[MQTT-4.7.1-2]'],
  ])('rejects a topic filter: %s', (_, filter, rule) => {
    expect(validateTopicFilter(filter)).toContain(rule)
    expect(() => assertTopicFilter(filter)).toThrow(rule)
    expect(() => parseFilter(filter)).toThrow(
      expect.objectContaining({ code: 'invalid-argument', topic: filter }),
    )
  })

  it('parseFilter returns group, filter and levels', () => {
    expect(parseFilter('$share/g/a//+')).toEqual({ share: 'g', filter: 'a//+', levels: ['a', '', '+'] })
    expect(parseFilter('$share/g//')).toEqual({ share: 'g', filter: '/', levels: ['', ''] })
    expect(parseFilter('/a')).toEqual({ filter: '/a', levels: ['', 'a'] })
  })

  it('parseFilter returns parts that join to the filter', () => {
    fc.assert(
      fc.property(anyFilters, (filter) => {
        const { share, filter: selector, levels } = parseFilter(filter)
        expect(levels.join('/')).toBe(selector)
        expect(share === undefined ? selector : `$share/${share}/${selector}`).toBe(filter)
        expect(isSharedFilter(filter)).toBe(share !== undefined)
        expect(hasWildcard(filter)).toBe(levels.some((level) => level === '+' || level === '#'))
      }),
      runs,
    )
  })
})
