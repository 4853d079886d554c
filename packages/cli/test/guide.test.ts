import { exitCodes } from '@antiphon/cli'
import { describe, expect, it } from 'vitest'
import { formatNames } from '../src/format-names.js'
import { recordSchema } from '../src/output/record-schema.js'
import { helpHeading, helpSection } from './help/help-section.js'
import { guidePage } from './run-antiphon.js'

const rowsOf = (page: string, heading: string): readonly (readonly string[])[] => {
  const table = page.slice(page.indexOf(heading)).split('\n\n')[0] ?? ''
  return table
    .split('\n')
    .slice(2)
    .map((row) => row.split('|').map((cell) => cell.trim()))
}

describe('the page of the guide', () => {
  const page = guidePage()

  it('lists the exit codes', () => {
    const rows = rowsOf(page, '| exit code')
    expect(
      Object.fromEntries(rows.map(([, code, name]) => [name?.replaceAll('`', ''), Number(code)])),
    ).toEqual(exitCodes)
  })

  it('lists the formats', () => {
    const rows = rowsOf(page, '| format')
    const listed = rows.flatMap(([, names = '']) =>
      [...names.matchAll(/`(\w+)[`:]/g)].map(([, name]) => name),
    )
    expect(listed).toEqual([
      'auto',
      'text',
      'json',
      'xml',
      'cbor',
      'msgpack',
      'hex',
      'base64',
      'raw',
      'protobuf',
    ])
    expect(new Set(listed)).toEqual(new Set([...formatNames, 'protobuf']))
  })

  it('lists the types of records', () => {
    const types = (recordSchema['oneOf'] as readonly { properties: { type: { const: string } } }[]).map(
      ({ properties }) => properties.type.const,
    )
    const listed = /Each has a `type`: (.*?)\./s.exec(page)?.[1] ?? ''
    expect([...listed.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(types)
  })

  it('ends in the help of all commands; packages/cli/test/help/main.ts writes it', async () => {
    expect(page.slice(page.indexOf(helpHeading))).toBe(await helpSection())
  })
})
