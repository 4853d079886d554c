import { describe, expect, it } from 'vitest'
import { remainingWarnings, publicNamesIn } from '../../check/api/public-names.js'

describe('publicNamesIn', () => {
  it('returns the exported names of an API report', () => {
    const report = [
      'export class AntiphonError<C extends ErrorCode> extends Error {',
      'export function request$<Req>(link: Link): OperatorFunction<Req, string>;',
      'export const text: Codec<string>;',
      'interface Storage_2 {',
      'export { Storage_2 as Storage }',
      'export type QoS = 0 | 1 | 2;',
    ].join('\n')
    expect([...publicNamesIn(report)].sort()).toEqual([
      'AntiphonError',
      'QoS',
      'Storage_2',
      'request$',
      'text',
    ])
  })
})

describe('complaintsThatStand', () => {
  const forgotten = (name: string): string =>
    `@antiphon/core/traced: src/traced.ts:1:1 - (ae-forgotten-export) The symbol "${name}" needs to be exported by …`

  it('keeps a warning about a symbol that no entry of the package exports', () => {
    expect(remainingWarnings([forgotten('Link'), forgotten('Inner')], ['Link'])).toEqual([forgotten('Inner')])
  })

  it('keeps all other warnings', () => {
    expect(remainingWarnings(['@antiphon/core: something else'], ['Link'])).toEqual([
      '@antiphon/core: something else',
    ])
  })
})
