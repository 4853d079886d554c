import { describe, expect, it } from 'vitest'
import {
  anyRule,
  booleanRule,
  functionRule,
  nestedRule,
  numberRule,
  objectRule,
  oneOfRule,
  optionFault,
  stringRule,
  type OptionRules,
} from '../src/option-rules.js'

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
  timeout: numberRule({ least: 1e-3 }),
  queue: numberRule({ least: 0, most: 10, isWhole: true }),
  mode: oneOfRule('fast', 'safe'),
  ordered: booleanRule,
  name: stringRule,
  on: functionRule,
  parent: objectRule,
  retry: nestedRule({
    count: numberRule({ least: 0, isWhole: true }),
    attemptTimeout: numberRule({ least: 1 }),
  }),
  value: anyRule,
}

const faultIn = (options: unknown): string | undefined => optionFault(options as Options, rules, undefined)

describe('option rules', () => {
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
    [{ timeout: '50' }, 'option timeout is "50": it must be a number from 0.001'],
    [{ timeout: NaN }, 'option timeout is NaN: it must be a number from 0.001'],
    [{ queue: 1.5 }, 'option queue is 1.5: it must be a whole number from 0 to 10'],
    [{ queue: 11 }, 'option queue is 11: it must be a whole number from 0 to 10'],
    [{ queue: null }, 'option queue is null: it must be a whole number from 0 to 10'],
    [{ mode: 'fats' }, 'option mode is "fats": it must be fast or safe'],
    [{ ordered: 1 }, 'option ordered is 1: it must be true or false'],
    [{ name: 5 }, 'option name is 5: it must be a string'],
    [{ on: {} }, 'option on is an object: it must be a function'],
    [{ parent: 'x' }, 'option parent is "x": it must be an object'],
    [{ retry: 3 }, 'option retry is 3: it must be an object'],
    [{ retry: { count: '3' } }, 'option retry.count is "3": it must be a whole number from 0'],
    [5, 'the options are 5: it must be an object'],
    [null, 'the options are null: it must be an object'],
  ])('names the option, the value and the rule of %j', (options, fault) => {
    expect(faultIn(options)).toBe(fault)
  })

  it.each<[options: unknown, fault: string]>([
    [{ timout: 5 }, 'option timout is not known: did you mean timeout?'],
    [{ timeOut: 5 }, 'option timeOut is not known: did you mean timeout?'],
    [{ order: true }, 'option order is not known: did you mean ordered?'],
    [{ queueLength: 5 }, 'option queueLength is not known: did you mean queue?'],
    [{ retry: { cuont: 3 } }, 'option retry.cuont is not known: did you mean count?'],
    [{ retry: { counts: 3 } }, 'option retry.counts is not known: did you mean count?'],
    [
      { 'odd name': 5 },
      'option ["odd name"] is not known: use timeout, queue, mode, ordered, name, on, parent, retry, value',
    ],
    [
      JSON.parse('{"__proto__":1}'),
      'option __proto__ is not known: use timeout, queue, mode, ordered, name, on, parent, retry, value',
    ],
    [
      { toString: 5 },
      'option toString is not known: use timeout, queue, mode, ordered, name, on, parent, retry, value',
    ],
  ])('names the nearest option for the misspelt one in %j', (options, fault) => {
    expect(faultIn(options)).toBe(fault)
  })

  it('passes the context to rules, and shows a fault that begins with a colon without the value', () => {
    const secret: OptionRules<{ readonly password?: string }, { readonly user?: string }> = {
      password: (_, { user }) => (user === undefined ? ': it needs a user' : undefined),
    }
    expect(optionFault({ password: 'secret' }, secret, {})).toBe('option password: it needs a user')
    expect(optionFault({ password: 'secret' }, secret, { user: 'x' })).toBeUndefined()
  })
})
