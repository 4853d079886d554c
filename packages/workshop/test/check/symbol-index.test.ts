import { describe, expect, it } from 'vitest'
import { pageOfSymbol, readSymbolIndex, symbolIndexOf } from '../../check/docs/symbol-index.js'

const index = symbolIndexOf([
  '@antiphon/core/functions/serve.md',
  '@antiphon/core/functions/idle$.md',
  '@antiphon/core/interfaces/Link.md',
  '@antiphon/core/link/interfaces/Link.md',
  '@antiphon\\mqtt\\functions\\connect.md',
  '@antiphon/mqtt/web/functions/connect.md',
  '@antiphon/core/index.md',
  'index.md',
])
const pageOf = (code: string, ...imported: readonly string[]) => pageOfSymbol(code, index, new Set(imported))

describe('pageOfSymbol', () => {
  it('finds the page of an export, also where it is called', () => {
    expect(pageOf('serve')).toBe('/reference/@antiphon/core/functions/serve')
    expect(pageOf('idle$(link)')).toBe('/reference/@antiphon/core/functions/idle$')
  })

  it('prefers the module that the page imports', () => {
    expect(pageOf('connect', '@antiphon/mqtt/web')).toBe('/reference/@antiphon/mqtt/web/functions/connect')
    expect(pageOf('Link', '@antiphon/core/link')).toBe('/reference/@antiphon/core/link/interfaces/Link')
  })

  it('prefers core where the page imports none, or several', () => {
    expect(pageOf('Link')).toBe('/reference/@antiphon/core/interfaces/Link')
    expect(pageOf('Link', '@antiphon/core', '@antiphon/core/link')).toBe(
      '/reference/@antiphon/core/interfaces/Link',
    )
    expect(pageOf('connect')).toBeUndefined()
  })

  it.each(['index', 'serve: 1', 'serve handler', 'constructor', ''])('finds no page for %j', (code) => {
    expect(pageOf(code)).toBeUndefined()
  })
})

it('is empty before the reference is written', () => {
  expect(readSymbolIndex('/no/such/folder').size).toBe(0)
})
