import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { isMatch } from '../../src/topic/is-match.js'
import type { TemplateParams } from '../../src/topic/template-params.js'
import { topicTemplate, type TopicTemplate } from '../../src/topic/topic-template.js'
import { validateTopicFilter } from '../../src/topic/topic-filter.js'
import { validateTopicName } from '../../src/topic/topic-name.js'
import { runs } from '../codec/runs.js'

const unlock = topicTemplate('vehicles/unlock/req/{car}/{mobile}')

describe('topicTemplate', () => {
  it('returns its text and parameters', () => {
    expect(unlock.template).toBe('vehicles/unlock/req/{car}/{mobile}')
    expect(unlock.parameters).toEqual(['car', 'mobile'])
  })

  it('format returns a topic with the values', () => {
    expect(unlock.format({ car: 'car1', mobile: 'm2' })).toBe('vehicles/unlock/req/car1/m2')
    const more = { car: 'car1', mobile: 'm2', colour: 'red' }
    expect(unlock.format(more)).toBe('vehicles/unlock/req/car1/m2')
    expect(topicTemplate('service/query').format({})).toBe('service/query')
  })

  it('filter returns + for missing parameters', () => {
    expect(unlock.filter()).toBe('vehicles/unlock/req/+/+')
    expect(unlock.filter({ car: 'car1' })).toBe('vehicles/unlock/req/car1/+')
    expect(unlock.filter({ car: 'car1', mobile: 'm2' })).toBe('vehicles/unlock/req/car1/m2')
    expect(topicTemplate('service/query').filter()).toBe('service/query')
    expect(topicTemplate('a/{x}-{y}').filter({ x: '1' })).toBe('a/+')
    expect(topicTemplate('a/{x}-{y}').filter({ x: '1', y: '2' })).toBe('a/1-2')
  })

  it('match returns the values of a topic', () => {
    expect(unlock.match('vehicles/unlock/req/car1/m2')).toEqual({ car: 'car1', mobile: 'm2' })
    expect(topicTemplate('service/query').match('service/query')).toEqual({})
    expect(topicTemplate('/{a}').match('/x')).toEqual({ a: 'x' })
  })

  it.each([
    ['a missing level', 'vehicles/unlock/req/car1'],
    ['an additional level', 'vehicles/unlock/req/car1/m2/x'],
    ['a trailing slash', 'vehicles/unlock/req/car1/m2/'],
    ['another level', 'vehicles/unlock/res/car1/m2'],
    ['an empty value', 'vehicles/unlock/req/car1/'],
    ['no characters', ''],
  ])('match returns undefined for a topic with %s', (_, topic) => {
    expect(unlock.match(topic)).toBeUndefined()
  })

  it('supports parameters for a part of a level', () => {
    const part = topicTemplate('site/dev-{id}.raw/{channel}')
    expect(part.filter()).toBe('site/+/+')
    expect(part.format({ id: '7', channel: 'x' })).toBe('site/dev-7.raw/x')
    expect(part.match('site/dev-7.raw/x')).toEqual({ id: '7', channel: 'x' })
    expect(part.match('site/dev-.raw.raw/x')).toEqual({ id: '.raw', channel: 'x' })
    for (const other of ['dev-.raw', 'dev-7', '7.raw', 'dev.raw'])
      expect(part.match(`site/${other}/x`)).toBeUndefined()
  })

  it('reads doubled braces as braces', () => {
    const template = topicTemplate('a/{{b}}/{{{name}}}')
    expect(template.parameters).toEqual(['name'])
    expect(template.format({ name: 'x' })).toBe('a/{b}/{x}')
    expect(template.match('a/{b}/{x}')).toEqual({ name: 'x' })
    expect(template.filter()).toBe('a/{b}/+')
    const plain = topicTemplate('a/{{b}}')
    expect([plain.format({}), plain.filter(), plain.match('a/{b}')]).toEqual(['a/{b}', 'a/{b}', {}])
    expect(plain.match('a/{{b}}')).toBeUndefined()
  })

  it('separates parameters of a level, and rejects ambiguous values', () => {
    const range = topicTemplate('{from}-{to}!')
    expect(range.match('1-2!')).toEqual({ from: '1', to: '2' })
    expect(range.match('1-2-3!!')).toEqual({ from: '1', to: '2-3!' })
    expect(range.match('--2!')).toEqual({ from: '-', to: '2' })
    expect(range.format({ from: '1', to: '2-3!' })).toBe('1-2-3!!')
    expect(() => range.format({ from: '1-2', to: '3' })).toThrow(
      '{from} and {to} would be ambiguous in "1-2-3!"',
    )
    expect(() => range.filter({ from: '1-2', to: '3' })).toThrow('ambiguous')
    for (const other of ['-2!', '1-!', '1!', '12!']) expect(range.match(other)).toBeUndefined()
  })

  it('neither matches nor returns topics with $ from a parameter [MQTT-4.7.2-1]', () => {
    const any = topicTemplate('{root}/state')
    expect(any.match('$SYS/state')).toBeUndefined()
    expect(() => any.format({ root: '$SYS' })).toThrow('[MQTT-4.7.2-1]')
    expect(() => any.filter({ root: '$SYS' })).toThrow('[MQTT-4.7.2-1]')
    expect(topicTemplate('$aws/{thing}').match('$aws/a')).toEqual({ thing: 'a' })
    expect(topicTemplate('a/{thing}').format({ thing: '$SYS' })).toBe('a/$SYS')
  })

  it('supports parameters named like properties of Object.prototype', () => {
    const odd = topicTemplate('{constructor}/{__proto__}')
    expect(() => odd.format({} as never)).toThrow('{constructor} is of type function: it must be a string')
    const params = odd.match('a/b')
    expect(Object.entries(params ?? {})).toEqual([
      ['constructor', 'a'],
      ['__proto__', 'b'],
    ])
    expect(params && odd.format(params)).toBe('a/b')
  })

  it.each([
    ['', 'it is empty [MQTT-4.7.3-1]'],
    ['a/{}', 'a parameter in level "{}" has no name'],
    ['a/{x}/{x}', 'two parameters are named {x}'],
    ['{x}-{x}', 'two parameters are named {x}'],
    ['a/{x', 'level "{x" has an unmatched brace'],
    ['a/x}', 'level "x}" has an unmatched brace'],
    ['a/{{x}', 'has an unmatched brace: write {{ and }} for { and }'],
    ['a/}x{', 'has an unmatched brace'],
    ['{a/b}', 'level "{a" has an unmatched brace'],
    ['a/{...}', 'a parameter in level "{...}" has no name'],
    ['a/{x...}/b', '"..." is allowed only for the whole last level, not in level "{x...}"'],
    ['a/dev-{x...}', '"..." is allowed only for the whole last level'],
    ['{x}/{x...}', 'two parameters are named {x}'],
    ['$sys-{x}/{y...}', '[MQTT-4.7.2-1]'],
    ['$share/g/{x...}', '[MQTT-4.8.2-1]'],
    ['a/{x}{y}', 'two parameters in level "{x}{y}" are not separated by text'],
    ['a/+/{x}', '[MQTT-3.3.2-2]'],
    ['a/{x}/#', '[MQTT-3.3.2-2]'],
    ['$share/g/{x}', '[MQTT-4.8.2-1]'],
    ['$sys-{x}/a', '[MQTT-4.7.2-1]'],
    ['a\0/{x}', '[MQTT-1.5.4-2]'],
    ['a\ud800{x}', '[MQTT-1.5.4-1]'],
    [`${'a'.repeat(65_534)}/{x}`, '[MQTT-4.7.3-3]'],
  ])('rejects the template %j', (template, reason) => {
    expect(() => topicTemplate(template)).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: expect.stringContaining(reason) as string,
      }),
    )
  })

  it.each([
    ['no value', undefined, 'is of type undefined: it must be a string'],
    ['a number', 7, 'is of type number: it must be a string'],
    ['an empty string', '', 'cannot be "": it is empty'],
    ['a slash', 'a/b', 'cannot be "a/b": it holds /, + or #'],
    ['a plus', '+', 'it holds /, + or #'],
    ['a hash', 'a#', 'it holds /, + or #'],
    ['NUL', 'a\0', '[MQTT-1.5.4-2]'],
    ['half a surrogate pair', '\ud800', '[MQTT-1.5.4-1]'],
    ['a too long value', 'x'.repeat(65_536), '[MQTT-4.7.3-3]'],
    ['a too long topic', 'x'.repeat(65_535), '[MQTT-4.7.3-3]'],
  ])('rejects %s as a value', (_, car, reason) => {
    const expected = expect.objectContaining({
      code: 'invalid-argument',
      message: expect.stringContaining(reason) as string,
    }) as Error
    expect(() => unlock.format({ car: car as string, mobile: 'm' })).toThrow(expected)
    if (car !== undefined) expect(() => unlock.filter({ car: car as string })).toThrow(expected)
  })

  it('rejects values with the two halves of a surrogate pair', () => {
    expect(() => topicTemplate('{a}-{b}').format({ a: 'x\ud83d', b: '\ude00' })).toThrow('[MQTT-1.5.4-1]')
  })
})

describe('topicTemplate with a last level {path...}', () => {
  const command = topicTemplate('{device}/cmd/{path...}')

  it('format accepts one or more levels for {path...}', () => {
    expect(command.parameters).toEqual(['device', 'path'])
    expect(command.format({ device: 'd1', path: 'a' })).toBe('d1/cmd/a')
    expect(command.format({ device: 'd1', path: 'a/b/c' })).toBe('d1/cmd/a/b/c')
    expect(topicTemplate('{all...}').format({ all: 'a/b' })).toBe('a/b')
  })

  it('filter returns # for a missing {path...}', () => {
    expect(command.filter({ device: 'd1' })).toBe('d1/cmd/#')
    expect(command.filter({ path: 'a/b' })).toBe('+/cmd/a/b')
    expect(topicTemplate('{all...}').filter()).toBe('#')
  })

  it('match returns one or more levels for {path...}, none of them empty', () => {
    expect(command.match('d1/cmd/a')).toEqual({ device: 'd1', path: 'a' })
    expect(command.match('d1/cmd/a/b')).toEqual({ device: 'd1', path: 'a/b' })
    expect(topicTemplate('{all...}').match('a/b')).toEqual({ all: 'a/b' })
    for (const other of ['d1/cmd', 'd1/cmd/', 'd1/cmd//a', 'd1/cmd/a/', 'd1/rsp/a', 'd1'])
      expect(command.match(other)).toBeUndefined()
    expect(topicTemplate('{all...}').match('$SYS/a')).toBeUndefined()
  })

  it.each([
    ['', 'a level of it is empty'],
    ['a//b', 'a level of it is empty'],
    ['/a', 'a level of it is empty'],
    ['a/+', 'it holds + or #'],
    ['#', 'it holds + or #'],
    ['a\0', '[MQTT-1.5.4-2]'],
    [undefined, '{path} is of type undefined: it must be a string'],
  ])('rejects %j as a value of {path...}', (path, reason) => {
    expect(() => command.format({ device: 'd1', path: path as string })).toThrow(reason)
    if (path !== undefined) expect(() => command.filter({ path })).toThrow(reason)
  })

  it('types the parameter {path...} without the dots', () => {
    expectTypeOf<TemplateParams<'{device}/cmd/{path...}'>>().toEqualTypeOf<{
      readonly device: string
      readonly path: string
    }>()
  })
})

const literal = fc.constantFrom('', '', 'a', '-', '--', 'a-', '$')
const value = fc.oneof(
  fc.constantFrom('a', '-', '--', '$', 'a-a', '{a}', '', '/'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }),
)

/** Templates of up to three levels with up to three parameters each, valid and invalid ones. */
const templates = fc
  .tuple(
    fc.array(fc.array(literal, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
    fc.constantFrom('', '/{rest...}'),
  )
  .map(([levels, end]) => levels.map((literals, depth) => joined(literals, depth)).join('/') + end)

function joined([first, ...others]: readonly string[], depth: number): string {
  return `${first ?? ''}${others.map((text, index) => `{p${depth}${index}}${text}`).join('')}`
}

function changesMade(template: string): TopicTemplate | undefined {
  try {
    return topicTemplate(template)
  } catch {
    return undefined
  }
}

const names = [...[0, 1, 2].flatMap((depth) => [0, 1, 2].map((index) => `p${depth}${index}`)), 'rest']
const rest = fc.oneof(
  value,
  fc.array(value, { minLength: 1, maxLength: 3 }).map((levels) => levels.join('/')),
)
const params = fc.record(Object.fromEntries(names.map((name) => [name, name === 'rest' ? rest : value])))

describe('topicTemplate with any template', () => {
  it('match and filter agree with format', () => {
    fc.assert(
      fc.property(templates, params, fc.subarray(names), (text, values, known) => {
        const template = changesMade(text)
        const topic = template && filled(template, values)
        if (template === undefined || topic === undefined) return
        const own = Object.fromEntries(template.parameters.map((name) => [name, values[name]]))
        expect(validateTopicName(topic)).toBeUndefined()
        expect(template.match(topic)).toEqual(own)
        const some = Object.fromEntries(Object.entries(own).filter(([name]) => known.includes(name)))
        const filter = template.filter(some)
        expect(validateTopicFilter(filter)).toBeUndefined()
        expect(isMatch(filter, topic)).toBe(true)
      }),
      runs,
    )
  })

  it('format returns the topic that match has read', () => {
    const topics = fc
      .array(fc.array(fc.constantFrom('a', '-', '$'), { maxLength: 6 }), { minLength: 1, maxLength: 3 })
      .map((levels) => levels.map((level) => level.join('')).join('/'))
    fc.assert(
      fc.property(templates, topics, (text, topic) => {
        const template = changesMade(text)
        const read = template?.match(topic)
        if (read !== undefined) expect(template?.format(read)).toBe(topic)
      }),
      runs,
    )
  })
})

function filled(template: TopicTemplate, values: Readonly<Record<string, string>>): string | undefined {
  try {
    return template.format(values)
  } catch {
    return undefined
  }
}

describe('types of topicTemplate', () => {
  it('require a string for each parameter', () => {
    expectTypeOf<TemplateParams<'vehicles/{car}/{mobile}'>>().toEqualTypeOf<{
      readonly car: string
      readonly mobile: string
    }>()
    expectTypeOf<TemplateParams<'{a}-{b}/dev-{c}.raw'>>().toEqualTypeOf<{
      readonly a: string
      readonly b: string
      readonly c: string
    }>()
    expectTypeOf(unlock.match('a')).toEqualTypeOf<
      { readonly car: string; readonly mobile: string } | undefined
    >()
    expectTypeOf(unlock.template).toEqualTypeOf<'vehicles/unlock/req/{car}/{mobile}'>()
  })

  it('have no parameter for doubled braces', () => {
    expectTypeOf<TemplateParams<'a/{{b}}/{{{name}}}'>>().toEqualTypeOf<{ readonly name: string }>()
  })

  it('have no parameters for a template without parameters', () => {
    expectTypeOf<keyof TemplateParams<'service/query'>>().toBeNever()
  })

  it('allow any name for a template that is not a literal', () => {
    expectTypeOf<TemplateParams<string>>().toEqualTypeOf<Readonly<Record<string, string>>>()
    const text: string = 'a'
    expectTypeOf(topicTemplate(text)).toEqualTypeOf<TopicTemplate>()
    const known: TopicTemplate = unlock
    expect(known.format({ car: 'a', mobile: 'b' })).toBe('vehicles/unlock/req/a/b')
    // @ts-expect-error -- a template that is not a literal may have any parameters
    const particular: TopicTemplate<'a/{x}'> = known
    expect(particular).toBe(unlock)
  })

  it('support 80 parameters', () => {
    type Ten<T extends string> =
      `{${T}0}/{${T}1}/{${T}2}/{${T}3}/{${T}4}/{${T}5}/{${T}6}/{${T}7}/{${T}8}/{${T}9}`
    type Hundred =
      `${Ten<'a'>}/${Ten<'b'>}/${Ten<'c'>}/${Ten<'d'>}/${Ten<'e'>}/${Ten<'f'>}/${Ten<'g'>}/${Ten<'h'>}`
    expectTypeOf<'h9' extends keyof TemplateParams<Hundred> ? true : false>().toEqualTypeOf<true>()
  })

  it('reject missing and unknown parameters and values that are not strings', () => {
    // @ts-expect-error -- mobile is missing
    expect(() => unlock.format({ car: 'a' })).toThrow('{mobile}')
    // @ts-expect-error -- colour is not a parameter
    expect(unlock.format({ car: 'a', mobile: 'b', colour: 'red' })).toContain('a/b')
    // @ts-expect-error -- a number is not a string
    expect(() => unlock.format({ car: 'a', mobile: 7 })).toThrow('{mobile}')
    // @ts-expect-error -- bike is not a parameter
    expect(unlock.filter({ bike: 'a' })).toBe('vehicles/unlock/req/+/+')
  })
})
