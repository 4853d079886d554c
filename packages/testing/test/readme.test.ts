import { endpoint, requests$, serve, text } from '@antiphon/core'
import { readFileSync } from 'node:fs'
import { of } from 'rxjs'
import { expect, it } from 'vitest'
import { faultAlphabet, marbles, type MarbleContext } from '../src/index.js'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const temperature = endpoint({ topic: 'temperature', request: text, response: text })

/** The first test of the README with a wrong expectation. */
function failingTest({ link, publish, expectPublished }: MarbleContext): void {
  requests$(link(), temperature)
    .pipe(serve(() => of('22.5')))
    .subscribe()
  publish('--a', {
    a: { topic: 'temperature', payload: 'Vienna?', responseTopic: 'me', correlationData: '1' },
  })
  expectPublished('me').toBe('--x', { x: '23.5' })
}

it('quotes the message of a failed test exactly', () => {
  const block = /```text\n(published under[^`]*)\n```/.exec(readme)?.[1]
  expect(marbles(failingTest)).toThrow(expect.objectContaining({ message: block }))
})

it('documents every marble of a fault script', () => {
  const table = readme.slice(readme.indexOf('| marble'), readme.indexOf('`broker.inject'))
  const named = [...table.matchAll(/`([A-Za-z])`/g)].map(([, marble]) => marble)
  expect(new Set(named)).toEqual(new Set(Object.keys(faultAlphabet)))
})
