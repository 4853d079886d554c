import { describe, expect, it } from 'vitest'
import { complaintsThatStand, publicNamesIn } from '../../check/api/public-names.js'

describe('an API report', () => {
  it('shows which names are public', () => {
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

describe('a complaint about a forgotten export', () => {
  const forgotten = (name: string): string =>
    `@antiphon/core/traced: src/traced.ts:1:1 - (ae-forgotten-export) The symbol "${name}" needs to be exported by …`

  it('stands where no door of the package shows the name', () => {
    expect(complaintsThatStand([forgotten('Link'), forgotten('Inner')], ['Link'])).toEqual([
      forgotten('Inner'),
    ])
  })

  it('says nothing about other complaints', () => {
    expect(complaintsThatStand(['@antiphon/core: something else'], ['Link'])).toEqual([
      '@antiphon/core: something else',
    ])
  })
})
