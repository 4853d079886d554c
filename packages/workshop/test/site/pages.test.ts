import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { inRoot } from '../../check/workspace.js'

const read = (...path: readonly string[]) => readFileSync(inRoot(...path), 'utf8')
const source = (path: string) => read('packages', 'core', 'src', path)

/** Returns the members of a union of strings or of objects with a `kind`. */
function membersOf(text: string, name: string): readonly string[] {
  const [, body = ''] = new RegExp(`export type ${name} =\\n([^]*?)\\n\\n`).exec(text) ?? []
  return [...body.matchAll(/^ {2}\| (?:\{ readonly kind: )?'([a-z-]+)'/gm)].map(([, member = '']) => member)
}

describe('the page on troubleshooting', () => {
  const page = read('docs', 'guide', 'troubleshooting.md')
  const sectionOf = (heading: string) =>
    page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''

  it('has an entry for each error code', () => {
    const codes = membersOf(source('errors.ts'), 'ErrorCode')
    expect(codes).toHaveLength(19)
    const entries = [...sectionOf('Error codes').matchAll(/^### `(.+)`$/gm)].map(([, code]) => code)
    expect(entries).toEqual(codes)
  })

  it('has an entry for each status that reports a failure', () => {
    const codes = [...source('protocol/status.ts').matchAll(/^ {2}\w+: ([45]\d\d),$/gm)].map(
      ([, code]) => code,
    )
    expect(codes.length).toBeGreaterThan(5)
    expect([...sectionOf('Status codes').matchAll(/^### (\d+)$/gm)].map(([, code]) => code)).toEqual(codes)
  })

  it.each([
    ['Incidents', 'link/link.ts', 'Incident'],
    ['Ignored requests', 'observe/ignored-request.ts', 'IgnoredReason'],
  ])('has a row for each of the %s', (heading, file, type) => {
    const members = membersOf(source(file), type)
    expect(members.length).toBeGreaterThan(5)
    expect([...sectionOf(heading).matchAll(/^\| `([a-z-]+)` /gm)].map(([, member]) => member)).toEqual(
      members,
    )
  })

  it('names each step that a timeout may await', () => {
    const [, steps = ''] = /export type AwaitedStep = (.+)/.exec(source('errors.ts')) ?? []
    for (const [, step = ''] of steps.matchAll(/'(\w+)'/g)) expect(page).toContain(`| \`${step}\``)
  })
})

describe('the page that compares libraries', () => {
  it('says the same of each capability as docs/capabilities.json', () => {
    const { rows } = JSON.parse(read('docs', 'capabilities.json')) as {
      readonly rows: readonly {
        readonly capability: string
        readonly now: string
        readonly peers: { readonly yes: readonly string[]; readonly partly: readonly string[] }
      }[]
    }
    const peers = ['NEST', 'MQ+', 'AIO', 'AWS', 'NATS']
    const [, , ...table] =
      /^\| capability [^]*?\n\n/m
        .exec(read('docs', 'guide', 'compared.md'))?.[0]
        .trim()
        .split('\n') ?? []
    expect(table.length).toBeGreaterThan(20)
    for (const line of table) {
      const [capability = '', ...cells] = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim())
      const row = rows.find((each) => each.capability === capability)
      const { yes = [], partly = [] } = row?.peers ?? {}
      const stateOf = (peer: string) => (yes.includes(peer) ? 'yes' : partly.includes(peer) ? 'in part' : '–')
      expect([capability, ...cells]).toEqual([capability, row?.now, ...peers.map(stateOf)])
    }
  })
})
