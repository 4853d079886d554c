import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { renderCapabilities, type Capabilities } from '../../check/capabilities/render.js'
import { inRoot } from '../../check/workspace.js'

const data = JSON.parse(readFileSync(inRoot('docs', 'capabilities.json'), 'utf8')) as Capabilities
const { rows, peers } = data

const numbered = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`)

describe('docs/capabilities.json', () => {
  it('has the rows 1 to 106 and W1 to W20, in order', () => {
    expect(rows.map(({ number }) => number)).toEqual([...numbered('', 106), ...numbered('W', 20)])
  })

  it('names tests that exist under their titles for each capability that is there, even in part', () => {
    const withoutTest = rows.filter(({ now, tests = [] }) => (tests.length === 0) !== (now === 'no'))
    expect(withoutTest.map(({ number }) => number)).toEqual([])
    const missing = rows.flatMap(({ number, tests = [] }) =>
      tests
        .filter(
          ({ file, title }) =>
            title.length < 10 ||
            !existsSync(inRoot(file)) ||
            !readFileSync(inRoot(file), 'utf8').includes(title),
        )
        .map(({ file, title }) => `${number}: ${file}: ${title}`),
    )
    expect(missing).toEqual([])
  })

  it('names only libraries that the page explains', () => {
    const named = rows.flatMap(({ peers: others = { yes: [], partly: [] } }) => [
      ...others.yes,
      ...others.partly,
    ])
    expect([...new Set(named)].filter((name) => !Object.hasOwn(peers, name))).toEqual([])
  })

  it('is what docs/capabilities.md was written from', () => {
    expect(readFileSync(inRoot('docs', 'capabilities.md'), 'utf8')).toBe(renderCapabilities(data))
  })
})
