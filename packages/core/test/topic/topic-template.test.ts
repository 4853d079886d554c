import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { isMatch } from '../../src/topic/is-match.js'
import type { TemplateParams } from '../../src/topic/template-params.js'
import { topicTemplate, type TopicTemplate } from '../../src/topic/topic-template.js'
import { validateTopicFilter } from '../../src/topic/topic-filter.js'
import { validateTopicName } from '../../src/topic/topic-name.js'
import { runs } from '../codec/runs.js'

const unlock = topicTemplate('vehicles/unlock/req/{car}/{mobile}')

describe('a template', () => {
  it('tells its parameters', () => {
    expect(unlock.template).toBe('vehicles/unlock/req/{car}/{mobile}')
    expect(unlock.parameters).toEqual(['car', 'mobile'])
  })

  it('fills a topic', () => {
    expect(unlock.format({ car: 'car1', mobile: 'm2' })).toBe('vehicles/unlock/req/car1/m2')
    const more = { car: 'car1', mobile: 'm2', colour: 'red' }
    expect(unlock.format(more)).toBe('vehicles/unlock/req/car1/m2')
    expect(topicTemplate('service/query').format({})).toBe('service/query')
  })

  it('makes a filter of what is known', () => {
    expect(unlock.filter()).toBe('vehicles/unlock/req/+/+')
    expect(unlock.filter({ car: 'car1' })).toBe('vehicles/unlock/req/car1/+')
    expect(unlock.filter({ car: 'car1', mobile: 'm2' })).toBe('vehicles/unlock/req/car1/m2')
    expect(topicTemplate('service/query').filter()).toBe('service/query')
    expect(topicTemplate('a/{x}-{y}').filter({ x: '1' })).toBe('a/+')
    expect(topicTemplate('a/{x}-{y}').filter({ x: '1', y: '2' })).toBe('a/1-2')
  })

  it('reads a topic', () => {
    expect(unlock.match('vehicles/unlock/req/car1/m2')).toEqual({ car: 'car1', mobile: 'm2' })
    expect(topicTemplate('service/query').match('service/query')).toEqual({})
    expect(topicTemplate('/{a}').match('/x')).toEqual({ a: 'x' })
  })

  it.each([
    ['a level less', 'vehicles/unlock/req/car1'],
    ['a level more', 'vehicles/unlock/req/car1/m2/x'],
    ['a trailing slash', 'vehicles/unlock/req/car1/m2/'],
    ['another word', 'vehicles/unlock/res/car1/m2'],
    ['an empty value', 'vehicles/unlock/req/car1/'],
    ['nothing', ''],
  ])('does not read a topic with %s', (_, topic) => {
    expect(unlock.match(topic)).toBeUndefined()
  })

  it('may have a parameter for a part of a level', () => {
    const part = topicTemplate('site/dev-{id}.raw/{channel}')
    expect(part.filter()).toBe('site/+/+')
    expect(part.format({ id: '7', channel: 'x' })).toBe('site/dev-7.raw/x')
    expect(part.match('site/dev-7.raw/x')).toEqual({ id: '7', channel: 'x' })
    expect(part.match('site/dev-.raw.raw/x')).toEqual({ id: '.raw', channel: 'x' })
    for (const other of ['dev-.raw', 'dev-7', '7.raw', 'dev.raw'])
      expect(part.match(`site/${other}/x`)).toBeUndefined()
  })

  it('takes a value apart from its neighbours, or refuses it', () => {
    const range = topicTemplate('{from}-{to}!')
    expect(range.match('1-2!')).toEqual({ from: '1', to: '2' })
    expect(range.match('1-2-3!!')).toEqual({ from: '1', to: '2-3!' })
    expect(range.match('--2!')).toEqual({ from: '-', to: '2' })
    expect(range.format({ from: '1', to: '2-3!' })).toBe('1-2-3!!')
    expect(() => range.format({ from: '1-2', to: '3' })).toThrow(
      '{from} and {to} could not be told apart in "1-2-3!"',
    )
    expect(() => range.filter({ from: '1-2', to: '3' })).toThrow('told apart')
    for (const other of ['-2!', '1-!', '1!', '12!']) expect(range.match(other)).toBeUndefined()
  })

  it('keeps away from topics that no wildcard stands for [MQTT-4.7.2-1]', () => {
    const any = topicTemplate('{root}/state')
    expect(any.match('$SYS/state')).toBeUndefined()
    expect(() => any.format({ root: '$SYS' })).toThrow('[MQTT-4.7.2-1]')
    expect(() => any.filter({ root: '$SYS' })).toThrow('[MQTT-4.7.2-1]')
    expect(topicTemplate('$aws/{thing}').match('$aws/a')).toEqual({ thing: 'a' })
    expect(topicTemplate('a/{thing}').format({ thing: '$SYS' })).toBe('a/$SYS')
  })

  it('is not led astray by names that objects have anyway', () => {
    const odd = topicTemplate('{constructor}/{__proto__}')
    expect(() => odd.format({} as never)).toThrow('{constructor} needs a string and got function')
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
    ['a/{x}/{x}', 'two of its parameters are named {x}'],
    ['{x}-{x}', 'two of its parameters are named {x}'],
    ['a/{x', 'a brace in level "{x" has no partner'],
    ['a/x}', 'a brace in level "x}" has no partner'],
    ['a/{{x}}', 'has no partner'],
    ['a/}x{', 'has no partner'],
    ['{a/b}', 'a brace in level "{a" has no partner'],
    ['a/{...}', 'a parameter in level "{...}" has no name'],
    ['a/{x...}/b', 'only the whole last level can stand for several, and level "{x...}" is not that'],
    ['a/dev-{x...}', 'only the whole last level can stand for several'],
    ['{x}/{x...}', 'two of its parameters are named {x}'],
    ['$sys-{x}/{y...}', '[MQTT-4.7.2-1]'],
    ['$share/g/{x...}', '[MQTT-4.8.2-1]'],
    ['a/{x}{y}', 'nothing parts two parameters in level "{x}{y}"'],
    ['a/+/{x}', '[MQTT-3.3.2-2]'],
    ['a/{x}/#', '[MQTT-3.3.2-2]'],
    ['$share/g/{x}', '[MQTT-4.8.2-1]'],
    ['$sys-{x}/a', '[MQTT-4.7.2-1]'],
    ['a\0/{x}', '[MQTT-1.5.4-2]'],
    ['a\ud800{x}', '[MQTT-1.5.4-1]'],
    [`${'a'.repeat(65_534)}/{x}`, '[MQTT-4.7.3-3]'],
  ])('must not be %j', (template, reason) => {
    expect(() => topicTemplate(template)).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: expect.stringContaining(reason) as string,
      }),
    )
  })

  it.each([
    ['nothing', undefined, 'needs a string and got undefined'],
    ['what is no text', 7, 'needs a string and got number'],
    ['empty text', '', 'cannot be "": it is empty'],
    ['a slash', 'a/b', 'cannot be "a/b": it holds /, + or #'],
    ['a plus', '+', 'it holds /, + or #'],
    ['a hash', 'a#', 'it holds /, + or #'],
    ['NUL', 'a\0', '[MQTT-1.5.4-2]'],
    ['half a surrogate pair', '\ud800', '[MQTT-1.5.4-1]'],
    ['too much', 'x'.repeat(65_536), '[MQTT-4.7.3-3]'],
    ['too much in all', 'x'.repeat(65_535), '[MQTT-4.7.3-3]'],
  ])('is not filled with %s', (_, car, reason) => {
    const refused = expect.objectContaining({
      code: 'invalid-argument',
      message: expect.stringContaining(reason) as string,
    }) as Error
    expect(() => unlock.format({ car: car as string, mobile: 'm' })).toThrow(refused)
    if (car !== undefined) expect(() => unlock.filter({ car: car as string })).toThrow(refused)
  })

  it('does not let two halves of a surrogate pair meet', () => {
    expect(() => topicTemplate('{a}-{b}').format({ a: 'x\ud83d', b: '\ude00' })).toThrow('[MQTT-1.5.4-1]')
  })
})

describe('a last level that stands for several', () => {
  const command = topicTemplate('{device}/cmd/{path...}')

  it('is filled with one level or more', () => {
    expect(command.parameters).toEqual(['device', 'path'])
    expect(command.format({ device: 'd1', path: 'a' })).toBe('d1/cmd/a')
    expect(command.format({ device: 'd1', path: 'a/b/c' })).toBe('d1/cmd/a/b/c')
    expect(topicTemplate('{all...}').format({ all: 'a/b' })).toBe('a/b')
  })

  it('is # in a filter where it is not known', () => {
    expect(command.filter({ device: 'd1' })).toBe('d1/cmd/#')
    expect(command.filter({ path: 'a/b' })).toBe('+/cmd/a/b')
    expect(topicTemplate('{all...}').filter()).toBe('#')
  })

  it('reads one level or more, and never none or an empty one', () => {
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
    [undefined, '{path} needs a string and got undefined'],
  ])('is not filled with %j', (path, reason) => {
    expect(() => command.format({ device: 'd1', path: path as string })).toThrow(reason)
    if (path !== undefined) expect(() => command.filter({ path })).toThrow(reason)
  })

  it('has its name without the dots', () => {
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

/** Templates of up to three levels with up to three parameters each, good ones and bad ones. */
const templates = fc
  .tuple(
    fc.array(fc.array(literal, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
    fc.constantFrom('', '/{rest...}'),
  )
  .map(([levels, end]) => levels.map((literals, depth) => joined(literals, depth)).join('/') + end)

function joined([first, ...others]: readonly string[], depth: number): string {
  return `${first ?? ''}${others.map((text, index) => `{p${depth}${index}}${text}`).join('')}`
}

function made(template: string): TopicTemplate | undefined {
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

describe('any template', () => {
  it('reads back what it filled, and filters for it', () => {
    fc.assert(
      fc.property(templates, params, fc.subarray(names), (text, values, known) => {
        const template = made(text)
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

  it('fills with what it read the topic it read', () => {
    const topics = fc
      .array(fc.array(fc.constantFrom('a', '-', '$'), { maxLength: 6 }), { minLength: 1, maxLength: 3 })
      .map((levels) => levels.map((level) => level.join('')).join('/'))
    fc.assert(
      fc.property(templates, topics, (text, topic) => {
        const template = made(text)
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

describe('the types of a template', () => {
  it('have a text for each parameter', () => {
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

  it('have none where there is none', () => {
    expectTypeOf<keyof TemplateParams<'service/query'>>().toBeNever()
  })

  it('take any name for a text that is known only when it runs', () => {
    expectTypeOf<TemplateParams<string>>().toEqualTypeOf<Readonly<Record<string, string>>>()
    const text: string = 'a'
    expectTypeOf(topicTemplate(text)).toEqualTypeOf<TopicTemplate>()
    const known: TopicTemplate = unlock
    expect(known.format({ car: 'a', mobile: 'b' })).toBe('vehicles/unlock/req/a/b')
    // @ts-expect-error -- what is known only when it runs may name anything
    const particular: TopicTemplate<'a/{x}'> = known
    expect(particular).toBe(unlock)
  })

  it('hold for very many parameters', () => {
    type Ten<T extends string> =
      `{${T}0}/{${T}1}/{${T}2}/{${T}3}/{${T}4}/{${T}5}/{${T}6}/{${T}7}/{${T}8}/{${T}9}`
    type Hundred =
      `${Ten<'a'>}/${Ten<'b'>}/${Ten<'c'>}/${Ten<'d'>}/${Ten<'e'>}/${Ten<'f'>}/${Ten<'g'>}/${Ten<'h'>}`
    expectTypeOf<'h9' extends keyof TemplateParams<Hundred> ? true : false>().toEqualTypeOf<true>()
  })

  it('refuse what is missing, unknown or no text', () => {
    // @ts-expect-error -- mobile is missing
    expect(() => unlock.format({ car: 'a' })).toThrow('{mobile}')
    // @ts-expect-error -- nobody knows a colour
    expect(unlock.format({ car: 'a', mobile: 'b', colour: 'red' })).toContain('a/b')
    // @ts-expect-error -- a number is no text
    expect(() => unlock.format({ car: 'a', mobile: 7 })).toThrow('{mobile}')
    // @ts-expect-error -- nobody knows a bike
    expect(unlock.filter({ bike: 'a' })).toBe('vehicles/unlock/req/+/+')
  })
})
