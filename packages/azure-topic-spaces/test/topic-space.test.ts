import { covers, isMatch, overlaps } from '@antiphon/core/topic'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addTopicSpace,
  mayPublish,
  maySubscribe,
  parseTemplate,
  substitute,
  topicSpace,
  widestFilter,
  type TopicSpaceType,
} from '../src/index.js'
import { unlockSpaces } from './unlock-spaces.js'

const space = (name: string, type: TopicSpaceType, ...templates: readonly string[]) =>
  topicSpace({ name, type, templates })
const refused = (why: string): unknown =>
  expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(why) as unknown })

describe('a template', () => {
  it.each([
    ['vehicles/${principal.deviceid}/GPS/#', 'vehicles/car1/GPS/#'],
    ['vehicles/${Principal.DeviceId}/GPS', 'vehicles/car1/GPS'],
    ['vehicles/id-${PRINCIPAL.DEVICEID}-x/+', 'vehicles/id-car1-x/+'],
    ['vehicles/${principal.deviceid|.factory}', 'vehicles/car1.factory'],
    ['${dollar}az/${Dollar}/x', '$az/$/x'],
    ['fleet/alerts/#', 'fleet/alerts/#'],
  ])('%s is %s for car1', (text, filter) => {
    expect(substitute(parseTemplate(text), 'car1')).toBe(filter)
  })

  it.each([
    ['', ''],
    ['a/#/b', ''],
    ['a/b+', ''],
    ['a/$b', '$ stands alone'],
    ['a/${principal.deviceid', '$ stands alone'],
    ['a/${device}', 'no variable'],
    ['a/${principal/deviceid}', 'no variable'],
    ['a/${principal.deviceid|./x}', 'within one level'],
    ['a/${principal.deviceid|x}', 'must be a dot'],
    ['a/#${principal.deviceid}', ''],
    ['${dollar}share/g/x', 'not shared'],
  ])('%j is refused', (text, why) => {
    expect(() => parseTemplate(text)).toThrow(refused(why))
  })

  it.each(['a/b', '+', '#', 'a+b', 'x#', '', 'a\u0000b'])(
    'a device id holding / + or # must not widen rights: %j',
    (deviceId) => {
      expect(substitute(parseTemplate('vehicles/${principal.deviceid}/#'), deviceId)).toBeUndefined()
      expect(substitute(parseTemplate('fleet/alerts'), deviceId)).toBe('fleet/alerts')
    },
  )

  it('a device id that begins with $ does not reach the trees of the hub', () => {
    expect(substitute(parseTemplate('${principal.deviceid}/x'), '$SYS')).toBeUndefined()
    expect(substitute(parseTemplate('a/${principal.deviceid}'), '$SYS')).toBe('a/$SYS')
  })

  it('is for no device more than its widest filter', () => {
    const level = fc.constantFrom(
      'a',
      'b',
      '+',
      '${principal.deviceid}',
      'x${principal.deviceid}',
      '${dollar}c',
    )
    const text = fc
      .tuple(fc.array(level, { minLength: 1, maxLength: 4 }), fc.boolean())
      .map(([levels, isTree]) => [...levels, ...(isTree ? ['#'] : [])].join('/'))
    const id = fc.string({ unit: fc.constantFrom('a', 'b', '/', '+', '#', '$', '.') })
    fc.assert(
      fc.property(text, id, (written, deviceId) => {
        const template = parseTemplate(written)
        const filter = substitute(template, deviceId)
        if (filter === undefined) return
        expect(covers(widestFilter(template), filter)).toBe(true)
        expect(filter.split('/')).toHaveLength(template.levels.length)
      }),
    )
  })
})

describe('topic spaces', () => {
  it.each([
    ['', 'PublishOnly', ['a'], 'its name'],
    ['s', 'Wide', ['a'], 'its type'],
    ['s', 'PublishOnly', [], '0 templates'],
    ['s', 'PublishOnly', ['a', 'b', 'c', 'd', 'e', 'f'], '6 templates'],
  ] as const)('a space = name + type + 1–5 templates: %j %s %j is refused', (name, type, templates, why) => {
    expect(() => topicSpace({ name, type: type as TopicSpaceType, templates })).toThrow(refused(why))
  })

  it('there are at most 10, each name once', () => {
    let spaces = addTopicSpace([], space('s0', 'PublishOnly', 'a'))
    expect(() => addTopicSpace(spaces, space('s0', 'LowFanout', 'b'))).toThrow(refused('one already'))
    for (let n = 1; n < 10; n++) spaces = addTopicSpace(spaces, space(`s${n}`, 'PublishOnly', 'a'))
    expect(() => addTopicSpace(spaces, space('s10', 'PublishOnly', 'a'))).toThrow(refused('10 already'))
  })

  it.each(['vehicles/+/telemetry/#', 'vehicles/${principal.deviceId}/telemetry/#', '#'])(
    'vehicles/v1/telemetry/# conflicts with %s',
    (template) => {
      const first = [space('a', 'LowFanout', 'vehicles/v1/telemetry/#')]
      expect(() => addTopicSpace(first, space('b', 'LowFanout', 'x/y', template))).toThrow(
        refused('overlaps'),
      )
    },
  )

  it('PublishOnly may overlap anything', () => {
    const first = [space('a', 'LowFanout', 'vehicles/#')]
    expect(addTopicSpace(first, space('b', 'PublishOnly', 'vehicles/#'))).toHaveLength(2)
    expect(addTopicSpace([space('b', 'PublishOnly', '#')], space('a', 'HighFanout', '#'))).toHaveLength(2)
  })

  it.each([
    ['mobile1', 'req/car1/mobile1', true],
    ['mobile1', 'req/car1/mobile2', false],
    ['mobile1', 'res/x/car1', false],
    ['car1', 'res/mobile1/car1', true],
    ['car1', 'res/mobile1/car2', false],
  ])('%s publishes %s: %s', (deviceId, topic, isAllowed) => {
    expect(mayPublish(unlockSpaces, deviceId, `vehicles/unlock/${topic}`)).toBe(isAllowed)
  })

  it.each([
    ['mobile1', 'res/mobile1/#', true],
    ['mobile1', 'res/mobile1/car1', true],
    ['mobile1', 'res/+/#', false],
    ['mobile1', 'res/mobile2/#', false],
    ['car1', 'req/car1/#', true],
    ['car1', 'req/#', false],
  ])('%s subscribes %s: %s', (deviceId, filter, isAllowed) => {
    expect(maySubscribe(unlockSpaces, deviceId, `vehicles/unlock/${filter}`)).toBe(isAllowed)
  })

  it('express fan-out and fan-in too', () => {
    const spaces = [
      space('alerts', 'LowFanout', 'fleet/alerts/#'),
      space('positions', 'PublishOnly', 'vehicles/${principal.deviceid}/GPS/#'),
      space('map', 'LowFanout', 'vehicles/+/GPS/#'),
    ].reduce(addTopicSpace, [] as ReturnType<typeof addTopicSpace>)
    expect(maySubscribe(spaces, 'car1', 'fleet/alerts/#')).toBe(true)
    expect(maySubscribe(spaces, 'map', 'vehicles/+/GPS/#')).toBe(true)
    expect(mayPublish(spaces, 'car1', 'vehicles/car1/GPS/lat')).toBe(true)
    expect(mayPublish(spaces.slice(0, 2), 'car1', 'vehicles/car2/GPS/lat')).toBe(false)
    // A template of any type allows publishing, that of the map too.
    expect(mayPublish(spaces, 'car1', 'vehicles/car2/GPS/lat')).toBe(true)
  })

  it('a filter allowed holds no topic outside every template, and a publish-only space allows none', () => {
    const level = fc.constantFrom('a', 'b', 'car1', '+')
    const filter = fc
      .tuple(fc.array(level, { minLength: 1, maxLength: 3 }), fc.boolean())
      .map(([levels, isTree]) => [...levels, ...(isTree ? ['#'] : [])].join('/'))
    const topic = fc.array(fc.constantFrom('a', 'b', 'car1', 'c'), { minLength: 1, maxLength: 4 })
    const spaces = [space('s', 'LowFanout', 'a/+/${principal.deviceid}/#', '${principal.deviceid}/b')]
    fc.assert(
      fc.property(filter, topic, (asked, levels) => {
        const name = levels.join('/')
        if (!maySubscribe(spaces, 'car1', asked) || !isMatch(asked, name)) return
        expect(mayPublish(spaces, 'car1', name)).toBe(true)
        expect(maySubscribe([space('p', 'PublishOnly', '#')], 'car1', asked)).toBe(false)
      }),
    )
  })

  it('without a conflict no topic is in two spaces for subscribing, whoever subscribes', () => {
    const template = fc
      .array(fc.constantFrom('a', 'b', '+', '${principal.deviceid}', 'a${principal.deviceid}'), {
        minLength: 1,
        maxLength: 3,
      })
      .map((levels) => levels.join('/'))
    const id = fc.constantFrom('a', 'b', 'aa')
    fc.assert(
      fc.property(template, template, id, id, (one, other, first, second) => {
        const spaces = [space('one', 'LowFanout', one)]
        try {
          addTopicSpace(spaces, space('other', 'LowFanout', other))
        } catch {
          return
        }
        const [a, b] = [substitute(parseTemplate(one), first), substitute(parseTemplate(other), second)]
        expect(a !== undefined && b !== undefined && overlaps(a, b)).toBe(false)
      }),
    )
  })
})
