import { describe, expect, it } from 'vitest'
import { requireArgument } from '../src/argument.js'
import { AntiphonError } from '../src/errors.js'
import { numberRule, type OptionRules, pickOptions, wholeNumberRule } from '../src/option-rules.js'

interface Options {
  readonly timeout?: number
  readonly queue?: number
  readonly mode?: 'fast' | 'safe'
  readonly ordered?: boolean
  readonly name?: string
  readonly on?: () => void
  readonly parent?: object
  readonly retry?: { readonly count?: number; readonly attemptTimeout?: number }
  readonly value?: unknown
}

const rules: OptionRules<Options> = {
  timeout: numberRule(1e-3),
  queue: wholeNumberRule(0, 10),
  mode: ['fast', 'safe'],
  ordered: [true, false],
  name: 'string',
  on: 'function',
  parent: 'object',
  retry: { count: wholeNumberRule(0), attemptTimeout: numberRule(1) },
  value: 'any',
}

function faultOf(action: () => void): string | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid-argument', phase: 'before-network' })
    return AntiphonError.from(error).rawMessage
  }
}

const faultIn = (options: unknown): string | undefined =>
  faultOf(() => requireArgument('options', options, rules))

describe('options.rules', () => {
  it('accepts valid, absent and undefined options', () => {
    const on = (): void => undefined
    const all = {
      timeout: Infinity,
      queue: 0,
      mode: 'fast',
      ordered: false,
      name: '',
      on,
      parent: {},
      value: 5,
    }
    expect(faultIn({})).toBeUndefined()
    expect(faultIn({ timeout: undefined, retry: { count: undefined } })).toBeUndefined()
    expect(faultIn({ ...all, retry: { count: Infinity } })).toBeUndefined()
  })

  it.each<[options: unknown, fault: string]>([
    [{ timeout: '50' }, 'options.timeout is "50": it must be a number from 0.001'],
    [{ timeout: NaN }, 'options.timeout is NaN: it must be a number from 0.001'],
    [{ queue: 1.5 }, 'options.queue is 1.5: it must be a whole number from 0 to 10'],
    [{ queue: 11 }, 'options.queue is 11: it must be a whole number from 0 to 10'],
    [{ queue: null }, 'options.queue is null: it must be a whole number from 0 to 10'],
    [{ mode: 'fats' }, 'options.mode is "fats": it must be fast or safe'],
    [{ ordered: 1 }, 'options.ordered is 1: it must be true or false'],
    [{ name: 5 }, 'options.name is 5: it must be a string'],
    [{ on: {} }, 'options.on is an object: it must be a function'],
    [{ parent: 'x' }, 'options.parent is "x": it must be an object'],
    [{ retry: 3 }, 'options.retry is 3: it must be an object'],
    [{ retry: { count: '3' } }, 'options.retry.count is "3": it must be a whole number from 0'],
    [5, 'options is 5: it must be an object'],
    [null, 'options is null: it must be an object'],
  ])('names the option, the value and the rule of %j', (options, fault) => {
    expect(faultIn(options)).toBe(fault)
  })

  it.each<[options: unknown, fault: string]>([
    [{ timout: 5 }, 'options.timout is not known: did you mean timeout?'],
    [{ timeOut: 5 }, 'options.timeOut is not known: did you mean timeout?'],
    [{ order: true }, 'options.order is not known: did you mean ordered?'],
    [{ queueLength: 5 }, 'options.queueLength is not known: did you mean queue?'],
    [{ retry: { cuont: 3 } }, 'options.retry.cuont is not known: did you mean count?'],
    [{ retry: { counts: 3 } }, 'options.retry.counts is not known: did you mean count?'],
    [
      { 'odd name': 5 },
      'options["odd name"] is not known: use timeout, queue, mode, ordered, name, on, parent, retry, value',
    ],
    [
      JSON.parse('{"__proto__":1}'),
      'options.__proto__ is not known: use timeout, queue, mode, ordered, name, on, parent, retry, value',
    ],
    [
      { toString: 5 },
      'options.toString is not known: use timeout, queue, mode, ordered, name, on, parent, retry, value',
    ],
  ])('names the nearest option for the misspelt one in %j', (options, fault) => {
    expect(faultIn(options)).toBe(fault)
  })

  it('passes the context to rules, and shows a fault that begins with a colon without the value', () => {
    const secret: OptionRules<{ readonly password?: string }, { readonly user?: string }> = {
      password: (_, { user }) => (user === undefined ? ': it needs a user' : undefined),
    }
    const password = 'secret'
    expect(faultOf(() => requireArgument('options', { password }, secret, {}))).toBe(
      'options.password: it needs a user',
    )
    expect(faultOf(() => requireArgument('options', { password }, secret, { user: 'x' }))).toBeUndefined()
  })

  it('picks the options that have a rule', () => {
    expect(pickOptions({ timeout: 5, other: 1, queue: undefined, toString: 5 }, rules)).toEqual({
      timeout: 5,
      queue: undefined,
    })
  })
})
