import { describe, expect, it } from 'vitest'
import { chainsOf, moduleOf, outputOf, snippetsIn } from '../../check/snippets/extract.js'

const page = [
  '# A page', // 1
  '```ts', // 2
  'const one = 1', // 3
  '```', // 4
  'and', // 5
  '```ts run continue', // 6
  'console.log(one)', // 7
  '```', // 8
  '```text output', // 9
  '1', // 10
  '```', // 11
  '```sh', // 12
  'npm test', // 13
  '```', // 14
  '- in a list', // 15
  '  ```ts', // 16
  '  const two = 2', // 17
  '  ```', // 18
].join('\n')

describe('snippets', () => {
  it('are the TypeScript blocks of a page, with their lines', () => {
    expect(snippetsIn(page)).toEqual([
      { line: 3, code: 'const one = 1', isContinued: false, isRun: false },
      { line: 7, code: 'console.log(one)', isContinued: true, isRun: true, output: '1' },
      { line: 17, code: 'const two = 2', isContinued: false, isRun: false },
    ])
  })

  it('form one module with the snippets that continue them, on the lines of the page', () => {
    const [first, second] = chainsOf(snippetsIn(page)).map(moduleOf)
    expect(first?.split('\n').slice(0, -1)).toEqual(['', '', 'const one = 1', '', '', '', 'console.log(one)'])
    expect(second?.split('\n')[16]).toBe('const two = 2')
  })

  it('have the expected output of a run', () => {
    expect(chainsOf(snippetsIn(page)).map(outputOf)).toEqual(['1', undefined])
  })

  it('may be files of a project, with the output of each', () => {
    const project = '```ts one.mjs\n1\n```\n```ts two.mjs\n2\n```\n```text one.mjs\nfirst\n```'
    expect(snippetsIn(project)).toEqual([
      { line: 2, code: '1', isContinued: false, isRun: false, file: 'one.mjs', output: 'first' },
      { line: 5, code: '2', isContinued: false, isRun: false, file: 'two.mjs' },
    ])
  })

  it.each([
    ['an unknown flag', '```ts ruin\n```', /unknown flag ruin: it must be one of run, continue/],
    ['a block without an end', '```ts\n', /line 1: the code block is never closed/],
    [
      'output of a file that is not on the page',
      '```text one.mjs\n```',
      /there is no one.mjs before its output/,
    ],
    ['output without a snippet', '```text output\n```', /there is no snippet before the output/],
  ])('reject %s', (_, markdown, message) => {
    expect(() => snippetsIn(markdown)).toThrow(message)
  })

  it('reject a continuation without a snippet before it', () => {
    expect(() => chainsOf(snippetsIn('```ts continue\n```'))).toThrow(/there is no snippet to continue/)
  })
})
